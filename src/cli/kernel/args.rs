//! Subcommands and options of `isolab kernel`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct Kernel {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum What {
    /// List your kernels and those of the host (/boot)
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep a copy of a kernel: a bzImage (vmlinuz) or an unpacked vmlinux
    ///
    /// Copies lie in $XDG_DATA_HOME/isolab/kernels, else ~/.local/share/isolab/kernels, one folder each; remove a folder and
    /// its kernel is forgotten. Under sudo they are the caller's. The first one is the chosen one.
    Add {
        /// The kernel's file
        file: PathBuf,
        /// What it is called [default: its version]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Where its modules are [default: /lib/modules/VERSION, where that is there]
        #[arg(long, value_name = "DIR")]
        modules: Option<PathBuf>,
    },
    /// Choose the kernel that is booted where none is named
    Use {
        /// As `kernel list` names it
        name: String,
    },
    /// Download the distribution's kernel for virtual machines, without installing it
    ///
    /// By apt (Debian, Ubuntu): linux-image-cloud-amd64 or linux-image-virtual. It is unpacked into your own kernels, with its
    /// modules. Needs no root.
    Fetch {
        /// Another package: linux-image-6.1.0-57-cloud-amd64
        package: Option<String>,
        /// What it is called [default: its version]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
}
