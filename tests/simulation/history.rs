//! What an environment was on before a run.

use polyai_rollback::model::Kind;

/// A deployment that was there before.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub id: &'static str,
    /// The version; none of a draft.
    pub version: Option<&'static str>,
    pub kind: Kind,
    pub is_deleted: bool,
}

impl Row {
    /// Whether there is nothing to go back to.
    pub fn is_void(self) -> bool {
        self.is_deleted || self.version.is_none()
    }
}

pub const OLD: &str = "0ld0000000";
pub const GOOD: &str = "g00d000000";
pub const BAD: &str = "bad0000000";
/// The version that a colleague publishes.
pub const HOTFIX: &str = "h0tf1x0000";
/// A version that begins like the good one.
const LIKE_GOOD: &str = "g00d000999";

pub const OLD_ID: &str = "d-old";
pub const TARGET_ID: &str = "d-target";
pub const BAD_ID: &str = "d-bad";
pub const ROLLBACK_ID: &str = "d-rollback";
/// The target where the API's ids are UUIDs of version 7, made at the time that they tell.
pub const TARGET_UUID: &str = "018bcb9a-c600-7000-8000-000000000002";

const fn deployed(id: &'static str, version: &'static str) -> Row {
    Row { id, version: Some(version), kind: Kind::Deployed, is_deleted: false }
}

const fn rolled_back(id: &'static str, version: &'static str) -> Row {
    Row { kind: Kind::RolledBack, ..deployed(id, version) }
}

const fn draft(id: &'static str) -> Row {
    Row { version: None, ..deployed(id, "") }
}

const OLD_ROW: Row = deployed(OLD_ID, OLD);
const TARGET_ROW: Row = deployed(TARGET_ID, GOOD);
const BAD_ROW: Row = deployed(BAD_ID, BAD);
const ROLLBACK_ROW: Row = rolled_back(ROLLBACK_ID, GOOD);

/// The histories, the oldest deployment first.
pub const PLAIN: &[Row] = &[OLD_ROW, TARGET_ROW, BAD_ROW];
pub const ROLLED_BACK: &[Row] = &[OLD_ROW, TARGET_ROW, BAD_ROW, ROLLBACK_ROW];
pub const ROLLED_BACK_AND_PUBLISHED: &[Row] =
    &[OLD_ROW, TARGET_ROW, deployed("d-worse", "w0rse00000"), ROLLBACK_ROW, BAD_ROW];
pub const REPUBLISHED: &[Row] = &[OLD_ROW, TARGET_ROW, deployed("d-bad-1", BAD), BAD_ROW];
/// The version that was left comes back by a publish: it is bad itself, and what was before it is good.
pub const CAME_BACK_BY_PUBLISH: &[Row] = &[OLD_ROW, deployed("d-bad-1", BAD), TARGET_ROW, BAD_ROW];
/// A recorded history: two versions, and rollbacks from one to the other and back.
pub const TO_AND_FRO: &[Row] = &[
    OLD_ROW,
    TARGET_ROW,
    BAD_ROW,
    rolled_back("d-rollback-1", GOOD),
    rolled_back("d-rollback-2", BAD),
    ROLLBACK_ROW,
];
pub const NOTHING_BEFORE: &[Row] = &[BAD_ROW];
pub const TARGET_DELETED: &[Row] = &[OLD_ROW, Row { is_deleted: true, ..TARGET_ROW }, BAD_ROW];
pub const DRAFT_BEFORE: &[Row] = &[OLD_ROW, TARGET_ROW, draft("d-draft"), BAD_ROW];
pub const TWO_DRAFTS_ABOVE: &[Row] =
    &[OLD_ROW, TARGET_ROW, BAD_ROW, draft("d-draft-1"), draft("d-draft-2")];
pub const TWO_LIKE_GOOD: &[Row] = &[OLD_ROW, deployed("d-like", LIKE_GOOD), TARGET_ROW, BAD_ROW];
/// The good version was published before, too, and all ids are UUIDs of version 7.
pub const UUIDS: &[Row] = &[
    deployed("018bc750-2400-7000-8000-000000000000", GOOD),
    deployed("018bc975-7500-7000-8000-000000000001", OLD),
    deployed(TARGET_UUID, GOOD),
    deployed("018bcdc0-1700-7000-8000-000000000003", BAD),
];
