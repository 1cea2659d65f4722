//! Sockets on which this machine waits for others.

use super::{
    super::{
        facts::{Facts, network::Listener},
        finding::Finding,
        ids::Id,
    },
    some_of,
};

/// What stands about listening.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let ours: Vec<u32> = facts.ours().iter().map(|process| process.pid).collect();
    let mut found = Vec::new();
    let its = |listener: &&Listener| {
        listener
            .owner
            .as_ref()
            .is_some_and(|(_, pid)| ours.contains(pid))
    };
    let all = &facts.network.listeners;
    // Each is a finding of its process already.
    if !all.iter().any(|listener| its(&listener)) && facts.till.runs() {
        found.push(Finding::ok(
            Id::NoListener,
            "No process of the till waits for anybody on the network.",
        ));
    }
    let others: Vec<String> = all
        .iter()
        .filter(|listener| !its(listener))
        .map(|listener| match &listener.owner {
            Some((name, _)) => format!("{name} at {}", listener.at),
            None => listener.at.clone(),
        })
        .collect();
    if !others.is_empty() {
        found.push(Finding::note(
            Id::OtherListener,
            format!(
                "Other programs wait for others on the network: {}.",
                some_of(&others)
            ),
            "Stop what this machine does not need, and keep the rest from the shop's network.",
        ));
    }
    found
}
