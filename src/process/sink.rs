//! The files that a place takes, as its row in the table says.

/// A file that a place takes: its format, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    /// The format.
    pub format: Format,
    /// Where the file is.
    pub at: At,
}

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At the path in this variable. The place has made the file.
    Variable(&'static str),
    /// Where the input `output-file` says, which has this default here.
    OutputFile(&'static str),
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `name=value` lines, as GitHub's runner reads them.
    GitHubOutput,
    /// `ROLLBACK_NAME=value` lines, within the limits of who reads them.
    Dotenv(Limits),
    /// The summary in Markdown.
    Markdown,
    /// The report, as one line of JSON.
    Json,
}

impl Format {
    /// Whether later steps read the outputs from such a file.
    pub fn is_for_outputs(self) -> bool {
        matches!(self, Self::GitHubOutput | Self::Dotenv(_))
    }
}

/// The limits of a file of `KEY=VALUE` lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The file must be smaller than so many bytes.
    pub bytes: u64,
    /// The most variables in the file.
    pub variables: usize,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { bytes: u64::MAX, variables: usize::MAX };
    /// Those of GitLab's report (`ci/parse_dotenv_artifact_service.rb`), unless the instance's owner says
    /// otherwise.
    pub const GITLAB: Self = Self { bytes: 5 * 1024, variables: 20 };
}
