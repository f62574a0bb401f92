//! The test runs that a new deployment triggers.

use super::{AgentsApi, Refusal};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

/// The runs of each change, and the cases of each run.
const RUNS: [&str; 2] = ["run-0001", "run-0002"];
const CASES: [&str; 3] =
    ["Greets the caller", "Books a table for two on a Sunday", "Transfers to a human"];

impl AgentsApi {
    /// Triggers the test runs of a change of an environment, and returns their ids.
    pub(super) fn trigger_tests(&self, environment: &str) -> Vec<&'static str> {
        if environment != "sandbox" && !self.quirks.tests_everywhere {
            return Vec::new();
        }
        self.test_runs().extend(RUNS.map(|run| (run.to_owned(), 0)));
        RUNS.to_vec()
    }

    /// A test run, which is over when it is asked for the second time.
    pub(super) fn test_run(&self, id: &str) -> Result<Value, Refusal> {
        let mut runs = self.test_runs();
        let asked = runs.get_mut(id).ok_or_else(Refusal::unknown_test_run)?;
        *asked += 1;
        let (status, cases) = match *asked {
            1 => ("running", ["passed", "pending", "pending"]),
            _ if self.quirks.tests_fail && id == RUNS[1] => {
                ("completed", ["passed", "failed", "error"])
            }
            _ => ("completed", ["passed"; 3]),
        };
        let count = |wanted| cases.iter().filter(|status| **status == wanted).count();
        Ok(json!({
            "id": id,
            "status": status,
            "testCaseCount": cases.len(),
            "passedCount": count("passed"),
            "failedCount": count("failed"),
            "errorCount": count("error"),
            "startedAt": humantime::format_rfc3339_millis((self.clock)()).to_string(),
            "startedBy": "dev@example.com",
            "testHistory": (0..cases.len()).map(|place| case(place, cases[place])).collect::<Vec<_>>(),
        }))
    }

    fn test_runs(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.test_runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn case(place: usize, status: &str) -> Value {
    let reason = match status {
        "failed" => "The agent asked for the number of guests twice",
        _ => "The agent did what it was asked for",
    };
    let assertion =
        json!({"prompt": "Helps the caller", "is_pass": status == "passed", "reason": reason});
    let assertions =
        if matches!(status, "passed" | "failed") { vec![assertion] } else { Vec::new() };
    json!({
        "testCaseId": format!("case-{}", place + 1),
        "status": status,
        "testCaseSnapshot": {"name": CASES[place]},
        "results": {"prompt_assertion_results": assertions, "function_call_failures": []},
        "rawConversation": {
            "id": format!("conversation-{}", place + 1),
            "turns": [{
                "user_input": "my number is 555 0100",
                "agent_response": "Thank you",
                "function_calls": [{"name": "look_up", "arguments": {"number": "555 0100"}}],
            }],
        },
    })
}
