//! Record ids: 15 case-sensitive characters, or 18 with a checksum for places that ignore case.

/// Letters of the checksum, one per five bits.
const CHECKSUM_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// Digits of the running number in a made id.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The 18-character form of a 15- or 18-character id; nothing if it is neither, or if its checksum is wrong.
pub fn canonical(id: &str) -> Option<String> {
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match id.len() {
        15 => Some(with_checksum(id)),
        18 => {
            let full = with_checksum(id.get(..15)?);
            full.eq_ignore_ascii_case(id).then_some(full)
        }
        _ => None,
    }
}

/// The first 15 characters, as older places of the API show an id.
pub fn short(id: &str) -> &str {
    id.get(..15).unwrap_or(id)
}

/// The three characters that name the object.
pub fn prefix(id: &str) -> &str {
    id.get(..3).unwrap_or(id)
}

/// A realistic id for the `number`-th record of a simulator.
pub fn make(prefix: &str, number: u64) -> String {
    let mut digits = [b'0'; 9];
    // Spread over the alphabet, so that ids differ in more than the last character and checksums are not all `AAA`.
    let mut rest = 8_031_810_176_u64.wrapping_add(number.wrapping_mul(3_001));
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or_default();
        *digit = BASE62.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    with_checksum(&format!("{prefix}5g0{}", String::from_utf8_lossy(&digits)))
}

fn with_checksum(id15: &str) -> String {
    let mut id = id15.to_owned();
    for chunk in id15.as_bytes().chunks(5) {
        let upper =
            |(position, byte): (usize, &u8)| if byte.is_ascii_uppercase() { 1 << position } else { 0 };
        let bits: usize = chunk.iter().enumerate().map(upper).sum();
        id.push(char::from(CHECKSUM_ALPHABET.get(bits).copied().unwrap_or(b'A')));
    }
    id
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_real_ids() {
        let known = [
            ("005x00000012Q9P", "AAU"),
            ("003q000000KvQ1t", "AAF"),
            ("a00D0000008pQRA", "IA2"),
            ("0012o00003OBzVS", "AA1"),
            ("00Di0000000icUB", "EAY"),
            ("00DB0000000DFgj", "MAG"),
            ("0XA4H000000TNRh", "WAO"),
        ];
        for (id, checksum) in known {
            assert_eq!(canonical(id).unwrap(), format!("{id}{checksum}"));
        }
    }

    #[test]
    fn canonical_refuses_what_is_no_id() {
        assert_eq!(canonical("003q000000KvQ1tAAA"), None);
        assert_eq!(canonical("003q000000KvQ1"), None);
        assert_eq!(canonical("003q000000KvQ1!"), None);
        assert_eq!(canonical("003q000000KvQ1taaf").unwrap(), "003q000000KvQ1tAAF");
    }

    #[test]
    fn made_ids_differ_and_are_canonical() {
        let ids: std::collections::BTreeSet<String> = (0..5000).map(|number| make("00Q", number)).collect();
        assert_eq!(ids.len(), 5000);
        assert!(ids.iter().all(|id| canonical(id).as_ref() == Some(id)));
    }
}
