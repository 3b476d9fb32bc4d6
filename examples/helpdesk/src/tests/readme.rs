//! The repository's README quotes the mount: word for word, and as short as it promises.

#[test]
fn the_quoted_mount_is_the_real_one() {
    let readme = include_str!("../../../../README.md");
    let mount = include_str!("../audit.rs");
    assert!(
        readme.contains(mount.trim_end()),
        "README.md does not quote examples/helpdesk/src/audit.rs as it is"
    );
    assert!(mount.lines().count() <= 46);
}
