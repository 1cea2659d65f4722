//! `tillctl update`, run as its units run it, on systems that lie in folders. `systemctl`,
//! `systemd-sysupdate` and the others are stand-ins that write down how they were called; the real
//! systemd-sysupdate is in `tests/tests/image`, the real till in `tests/tests/shop`.

mod applied;
mod came_up;
mod refusals;
mod system;
mod turns;
