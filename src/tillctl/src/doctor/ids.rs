//! Every kind of finding, by its id. Ids do not change; docs/doctor.md explains each.

use serde::{Serialize, Serializer};

use super::finding::Area;

macro_rules! ids {
    ($($area:ident { $($(#[$doc:meta])* $name:ident = $word:literal,)* })*) => {
        /// A kind of finding.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Id { $($($(#[$doc])* $name,)*)* }

        impl Id {
            /// Every kind.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// The id, as in JSON and docs/doctor.md.
            pub const fn word(self) -> &'static str {
                match self { $($(Self::$name => $word,)*)* }
            }

            /// What it is about.
            pub const fn area(self) -> Area {
                match self { $($(Self::$name)|* => Area::$area,)* }
            }
        }
    };
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

ids! {
    Till {
        /// There is no state folder.
        StateMissing = "state_missing",
        /// The state folder cannot be looked into.
        StateUnseen = "state_unseen",
        /// The till runs.
        TillRunning = "till_running",
        /// The till does not run.
        TillStopped = "till_stopped",
        /// A running till has not written how it stands.
        StatusMissing = "status_missing",
        /// What the till wrote of itself cannot be read.
        StatusBroken = "status_broken",
        /// The till has not written how it stands for minutes.
        StatusStale = "status_stale",
        /// What is written is from another process than the one that runs.
        StatusOfAnother = "status_of_another",
        /// The configuration cannot be read.
        ConfigBroken = "config_broken",
        /// The configuration that was named is not there.
        ConfigMissing = "config_missing",
        /// The till runs in demo mode.
        ModeDemo = "mode_demo",
        /// The till runs in production mode.
        ModeProduction = "mode_production",
        /// Configuration and running till differ in mode.
        ModeContradicted = "mode_contradicted",
        /// A till in production marks its sales as not real.
        MarkInProduction = "mark_in_production",
        /// Configuration and running till differ in the terminal.
        TerminalContradicted = "terminal_contradicted",
        /// Something could not be looked at.
        NotSeen = "not_seen",
    }
    Cards {
        /// Cards can be charged.
        CardsCharged = "cards_charged",
        /// No card can be charged.
        CardsNotCharged = "cards_not_charged",
        /// Something will soon be in the way of cards.
        CardsWarning = "cards_warning",
        /// The card process does not run.
        LaneDown = "lane_down",
    }
    Reader {
        /// The card reader is there.
        ReaderReady = "reader_ready",
        /// There is no card reader.
        ReaderMissing = "reader_missing",
        /// There are more card readers than the till needs.
        ReaderExtra = "reader_extra",
        /// The reader that the till uses is not among those that are there.
        ReaderAnother = "reader_another",
        /// Cards are read by the demo's virtual reader.
        ReaderVirtual = "reader_virtual",
        /// The card service is not there.
        CardServiceMissing = "card_service_missing",
    }
    Keys {
        /// There is a key to seal with.
        KeysUsable = "keys_usable",
        /// There is no key to seal with.
        KeysMissing = "keys_missing",
        /// No key can be used today.
        KeysUnusable = "keys_unusable",
        /// The key in use ends soon.
        KeyExpiring = "key_expiring",
        /// The key is under no signed manifest.
        KeysUnmanaged = "keys_unmanaged",
        /// The signed manifest cannot be used.
        ManifestBroken = "manifest_broken",
        /// The manifest is older than one that was accepted before.
        ManifestOlder = "manifest_older",
        /// A key that the manifest names is not in the key store.
        KeyNotLoaded = "key_not_loaded",
        /// The key store's keys can be used.
        StoreSound = "store_sound",
        /// There is no root key to check a manifest with.
        RootMissing = "root_missing",
        /// The key store cannot be used.
        StoreBroken = "store_broken",
        /// The key of the key store lies in a file beside it.
        StorageKeyInFile = "storage_key_in_file",
        /// Others may read the key of the key store.
        StorageKeyOpen = "storage_key_open",
        /// The hot list is old or cannot be used.
        HotListOld = "hot_list_old",
        /// Few DUKPT keys are left.
        DukptLow = "dukpt_low",
    }
    Queue {
        /// Records reach the collector.
        QueueMoving = "queue_moving",
        /// Many records wait for the collector.
        QueueFilling = "queue_filling",
        /// So many records wait that no card is taken.
        QueueFull = "queue_full",
        /// A record has waited for long.
        QueueOld = "queue_old",
        /// Records need a person.
        QueueHeld = "queue_held",
        /// Charges wait to be undone at the acquirer.
        ReversalsDue = "reversals_due",
        /// The collector is not reached.
        LinkDown = "link_down",
        /// No collector is configured.
        LinkNotSetUp = "link_not_set_up",
    }
    Database {
        /// Every page of the database was good when it was last checked.
        DatabaseSound = "database_sound",
        /// The database is damaged.
        DatabaseDamaged = "database_damaged",
        /// The database could not be checked.
        DatabaseUnchecked = "database_unchecked",
        /// There is no database yet.
        DatabaseMissing = "database_missing",
        /// The database's key is missing or cannot be used.
        DatabaseKeyMissing = "database_key_missing",
        /// The database's key lies in a file beside it.
        DatabaseKeyInFile = "database_key_in_file",
        /// The database's key is a system credential.
        DatabaseKeyBound = "database_key_bound",
    }
    Processes {
        /// Each process has every protection that can be seen.
        ProcessesProtected = "processes_protected",
        /// A process of the till does not run.
        ProcessMissing = "process_missing",
        /// There are two processes where one belongs.
        ProcessTwice = "process_twice",
        /// A process uses this till's folder and is none of its own.
        ProcessStray = "process_stray",
        /// Another till runs on this machine.
        AnotherTill = "another_till",
        /// A process lacks a protection.
        ProtectionMissing = "protection_missing",
        /// A process says that it has a protection and has not.
        ProtectionContradicted = "protection_contradicted",
        /// A debugger is attached to a process.
        DebuggerAttached = "debugger_attached",
        /// A process was started with variables that it must not have.
        EnvironmentDirty = "environment_dirty",
        /// A library is forced into every program.
        PreloadSet = "preload_set",
        /// A process has loaded code from where none belongs.
        LibraryForeign = "library_foreign",
        /// A process has memory that it can write and run.
        CodeWritable = "code_writable",
        /// A process has a file open that it must not have.
        FileHeld = "file_held",
        /// A program was replaced while it runs.
        ProgramReplaced = "program_replaced",
        /// Memory of a process was written to swap.
        ProcessSwapped = "process_swapped",
        /// A process runs as root.
        ProcessIsRoot = "process_is_root",
    }
    Certificate {
        /// The terminal's certificate is valid.
        CertificateValid = "certificate_valid",
        /// The terminal's certificate is missing.
        CertificateMissing = "certificate_missing",
        /// The terminal's certificate cannot be read.
        CertificateBroken = "certificate_broken",
        /// The certificate has ended.
        CertificateExpired = "certificate_expired",
        /// The certificate is not valid yet.
        CertificateNotYet = "certificate_not_yet",
        /// The certificate ends soon.
        CertificateExpiring = "certificate_expiring",
        /// The certificate names another terminal.
        CertificateOfAnother = "certificate_of_another",
        /// The CA has not signed the certificate.
        CertificateUnsigned = "certificate_unsigned",
        /// The CA's certificate is missing or cannot be read.
        CaMissing = "ca_missing",
        /// The CA's certificate ends soon or has ended.
        CaExpiring = "ca_expiring",
        /// The certificate's key is missing.
        CertificateKeyMissing = "certificate_key_missing",
        /// Others may read the certificate's key.
        CertificateKeyOpen = "certificate_key_open",
    }
    Clock {
        /// Date and time can be right.
        ClockPlausible = "clock_plausible",
        /// The clock is before this release was made.
        ClockBeforeRelease = "clock_before_release",
        /// The clock is behind what the till wrote.
        ClockBehindFiles = "clock_behind_files",
        /// The clock is kept right by the network.
        ClockSynchronised = "clock_synchronised",
        /// Nothing keeps the clock right.
        ClockNotSynchronised = "clock_not_synchronised",
        /// Whether the clock is kept right is not known.
        ClockUnknown = "clock_unknown",
        /// The time zone is not set.
        ZoneUnknown = "zone_unknown",
    }
    Disk {
        /// There is room on the disk.
        DiskRoom = "disk_room",
        /// The disk is nearly full.
        DiskFilling = "disk_filling",
        /// The disk is full.
        DiskFull = "disk_full",
        /// The disk is mounted read-only.
        DiskReadOnly = "disk_read_only",
        /// The disk is mounted with more rights than it needs.
        MountOptions = "mount_options",
        /// The disk is encrypted.
        DiskEncrypted = "disk_encrypted",
        /// The disk is not encrypted.
        DiskClear = "disk_clear",
        /// Whether the disk is encrypted is not known.
        DiskEncryptionUnknown = "disk_encryption_unknown",
        /// Nothing in memory reaches the disk by swap.
        SwapSafe = "swap_safe",
        /// Memory may be written to a disk that is not encrypted.
        SwapClear = "swap_clear",
        /// Whether swap is encrypted is not known.
        SwapUnknown = "swap_unknown",
    }
    Files {
        /// Nobody else may read or change the till's files.
        FilesPrivate = "files_private",
        /// Others may read or change a file of the till.
        FileOpen = "file_open",
        /// A file of the till belongs to somebody else.
        FileOwner = "file_owner",
        /// Something in the state folder is no plain file.
        FileStrange = "file_strange",
        /// There are more files than were looked at.
        FilesMany = "files_many",
        /// Others may change a program of the till.
        ProgramWritable = "program_writable",
        /// A program gives rights to whoever starts it.
        ProgramSetuid = "program_setuid",
    }
    Network {
        /// No process of the till listens.
        NoListener = "no_listener",
        /// A process of the till listens.
        ProcessListens = "process_listens",
        /// A process has a network that it must not have.
        ProcessNetwork = "process_network",
        /// Another program on this machine listens.
        OtherListener = "other_listener",
    }
    Machine {
        /// Only signed systems start.
        SecureBootOn = "secure_boot_on",
        /// Any system starts.
        SecureBootOff = "secure_boot_off",
        /// Whether only signed systems start is not known.
        SecureBootUnknown = "secure_boot_unknown",
        /// There is a TPM.
        TpmPresent = "tpm_present",
        /// There is no TPM.
        TpmMissing = "tpm_missing",
        /// The kernel offers no Landlock.
        LandlockMissing = "landlock_missing",
        /// Whether the kernel offers Landlock is not known.
        LandlockUnknown = "landlock_unknown",
        /// A kernel setting is weaker than it should be.
        KernelSetting = "kernel_setting",
        /// The kernel is set as it should be.
        KernelStrong = "kernel_strong",
        /// Crashed programs are handed to another program.
        CorePattern = "core_pattern",
    }
    Updates {
        /// Which system runs.
        System = "system",
        /// An update waits for a new start.
        RebootNeeded = "reboot_needed",
        /// The system was not updated for long.
        UpdatesOld = "updates_old",
        /// When the system was updated is not known.
        UpdatesUnknown = "updates_unknown",
        /// The programs are of different releases.
        ReleaseMixed = "release_mixed",
        /// The programs are of one release.
        ReleaseOne = "release_one",
    }
}
