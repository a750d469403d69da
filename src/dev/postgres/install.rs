//! How to get PostgreSQL on the reader's platform.

use std::fs;

const OTHERWISE: &str = "or give a server's address: DATABASE_URL (service), TEST_DATABASE_URL (tests), or `docker compose up -d postgres`";

/// One sentence per way out, the platform's own package manager first.
pub(super) fn advice() -> String {
    format!("install it: {}\n{OTHERWISE}", command())
}

fn command() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    if cfg!(windows) {
        return "winget install PostgreSQL.PostgreSQL.17, and start it";
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    command_for_release(&release)
}

fn command_for_release(release: &str) -> &'static str {
    let names: Vec<&str> = release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect();
    let is = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
    if is(&["debian", "ubuntu"]) {
        "apt-get install postgresql"
    } else if is(&["fedora", "rhel", "centos"]) {
        "dnf install postgresql-server"
    } else if is(&["alpine"]) {
        "apk add postgresql"
    } else if is(&["arch"]) {
        "pacman -S postgresql"
    } else if is(&["suse", "opensuse"]) {
        "zypper install postgresql-server"
    } else {
        "your system's package postgresql (the server, not only the client)"
    }
}

#[cfg(test)]
mod tests {
    use super::command_for_release;

    #[test]
    fn the_install_command_follows_the_distribution() {
        assert_eq!(command_for_release("NAME=x\nID=ubuntu\nID_LIKE=debian\n"), "apt-get install postgresql");
        assert_eq!(
            command_for_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            "dnf install postgresql-server"
        );
        assert_eq!(command_for_release("ID=alpine"), "apk add postgresql");
        assert!(command_for_release("").starts_with("your system's package"));
    }
}
