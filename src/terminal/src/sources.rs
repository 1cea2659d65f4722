//! Where the till's other processes come from. Settled before the till locks itself down, for
//! afterwards it can start nothing.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use sealpoint_shield::starter::{Recipe, Starter};

use crate::child::Source;
use crate::config::Config;
use crate::state::State;

/// Where lane and uplink come from.
pub struct Sources {
    /// The card process.
    pub lane: Source,
    /// The link process.
    pub uplink: Source,
}

impl Sources {
    /// As the configuration says: the system's sockets, or a starter that knows both programs.
    ///
    /// # Errors
    /// What happened and what to do, if there is no starter to be had.
    pub fn new(config: &Config, state: &State) -> Result<Self, String> {
        let failed = |error: io::Error| {
            format!(
                "The till's processes cannot be prepared: {error}. Check that the till is installed whole and that its user may start programs."
            )
        };
        let starter = match (&config.lane_socket, &config.uplink_socket) {
            (Some(_), Some(_)) => None,
            _ => {
                let recipes = [lane(config, state), uplink(config, state)];
                let starter = Starter::launch(&recipes).map_err(failed)?;
                Some(Arc::new(Mutex::new(starter)))
            }
        };
        let source = |socket: &Option<PathBuf>, recipe| match (socket, &starter) {
            (Some(socket), _) => Ok(Source::Socket(socket.clone())),
            (None, Some(starter)) => Ok(Source::Starter(Arc::clone(starter), recipe)),
            (None, None) => Err(failed(io::ErrorKind::NotFound.into())),
        };
        Ok(Self {
            lane: source(&config.lane_socket, 0)?,
            uplink: source(&config.uplink_socket, 1)?,
        })
    }
}

fn lane(config: &Config, state: &State) -> Recipe {
    let mut arguments = vec![
        "--keys".to_owned(),
        state.lane().display().to_string(),
        "--terminal".to_owned(),
        config.terminal.to_string(),
        "--reader".to_owned(),
        config.reader.clone(),
    ];
    if let Some(profile) = &config.profile {
        arguments.extend(["--profile".to_owned(), profile.display().to_string()]);
    }
    recipe("lane", config, arguments)
}

fn uplink(config: &Config, state: &State) -> Recipe {
    let file = |name: &str| state.uplink().join(name).display().to_string();
    let mut arguments = match &config.collector {
        None => vec![],
        Some(url) => [
            ["--collector".to_owned(), url.clone()],
            ["--ca".to_owned(), file("ca.pem")],
            ["--cert".to_owned(), file("cert.pem")],
            ["--key".to_owned(), file("key.pem")],
        ]
        .concat(),
    };
    if config.collector.is_some() && config.classical {
        arguments.push("--classical".to_owned());
    }
    recipe("uplink", config, arguments)
}

fn recipe(program: &str, config: &Config, mut arguments: Vec<String>) -> Recipe {
    if config.mode.is_production() {
        arguments.push("--production".to_owned());
    }
    Recipe {
        program: program.to_owned(),
        arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_classical_only_where_the_configuration_says_so() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::open(folder.path()).expect("it is made");
        let told = |text: &str| {
            let config: Config = toml::from_str(text).expect("a configuration");
            uplink(&config, &state).arguments
        };
        let collector = "collector = \"https://localhost:1\"\n";
        assert!(!told(collector).contains(&"--classical".to_owned()));
        assert!(
            told(&format!("{collector}classical = true\n")).contains(&"--classical".to_owned())
        );
        assert!(!told("classical = true\n").contains(&"--classical".to_owned()));
    }
}
