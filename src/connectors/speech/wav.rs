//! WAV as programs print it into a pipe.
//!
//! Guarantees: any bytes end in samples or in words on what was found instead; nothing is set aside for a length that only the
//! header knows. A program that prints cannot go back to say how much it was, so that the length is a lie: espeak-ng and sox
//! print 0x7ffff000, ffmpeg 0xffffffff, others 0. It is believed where there are so many bytes, and else there are as many as
//! there are.

/// As it came, but for its channels: they are one.
#[derive(Debug)]
pub(super) struct Wav {
    pub(super) rate: u32,
    pub(super) samples: Vec<i16>,
}

const ALLOWED: &str =
    "one WAV with PCM of 8 or 16 bits, A-law or mu-law, of 1 or 2 channels, at 8,000 to 48,000 samples a second";

/// # Errors
/// What was found instead of sound, and what is allowed.
pub(super) fn read(bytes: &[u8]) -> Result<Wav, String> {
    sound(bytes).map_err(|found| format!("{found}; allowed: {ALLOWED}"))
}

fn sound(bytes: &[u8]) -> Result<Wav, String> {
    let mut rest = match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', rest @ ..] => rest,
        [] => return Err("nothing".to_owned()),
        _ => return Err(format!("{} bytes that are no WAV", bytes.len())),
    };
    let mut form = None;
    while let Some((name, length, body)) = chunk(rest) {
        match name {
            b"fmt " => form = Some(Form::read(body)?),
            b"data" => return form.ok_or("a WAV that does not say of which form it is")?.samples(within(length, body)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    Err("a WAV without sound in it".to_owned())
}

/// A chunk's name and length, and all that comes after these.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], usize, &[u8])> {
    let (name, rest) = bytes.split_first_chunk()?;
    let (length, body) = rest.split_first_chunk()?;
    Some((name, u32::from_le_bytes(*length) as usize, body))
}

fn within(length: usize, body: &[u8]) -> &[u8] {
    body.get(..length).filter(|part| !part.is_empty()).unwrap_or(body)
}

struct Form {
    rate: u32,
    channels: usize,
    /// Bytes of one sample of one channel.
    width: usize,
    decode: fn(&[u8]) -> i16,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, String> {
        let Some(&[c0, c1, n0, n1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1]) = body.first_chunk() else {
            return Err("a WAV that ends in its header".to_owned());
        };
        let (code, bits) = (u16::from_le_bytes([c0, c1]), u16::from_le_bytes([b0, b1]));
        let (channels, rate) = (u16::from_le_bytes([n0, n1]), u32::from_le_bytes([r0, r1, r2, r3]));
        let (width, decode): (_, fn(&[u8]) -> i16) = match (code, bits) {
            (1, 8) => (1, |at| (i16::from(at[0]) - 128) * 256),
            (1, 16) => (2, |at| i16::from_le_bytes([at[0], at[1]])),
            (6, 8) => (1, |at| a_law(at[0])),
            (7, 8) => (1, |at| mu_law(at[0])),
            _ => return Err(format!("a WAV of form {code} with {bits} bits")),
        };
        if !(1..=2).contains(&channels) || !(8_000..=48_000).contains(&rate) {
            return Err(format!("a WAV of {channels} channels at {rate} samples a second"));
        }
        Ok(Self { rate, channels: usize::from(channels), width, decode })
    }

    fn samples(&self, data: &[u8]) -> Result<Wav, String> {
        let frames = data.chunks_exact(self.width * self.channels);
        let samples: Vec<i16> = frames.map(|frame| self.mean(frame)).collect();
        match samples.is_empty() {
            true => Err("a WAV without sound in it".to_owned()),
            false => Ok(Wav { rate: self.rate, samples }),
        }
    }

    fn mean(&self, frame: &[u8]) -> i16 {
        match frame.split_at(self.width) {
            (one, []) => (self.decode)(one),
            (left, right) => (self.decode)(left).midpoint((self.decode)(right)),
        }
    }
}

/// ITU-T G.711: sign, three bits of exponent, four of mantissa; all inverted.
fn mu_law(byte: u8) -> i16 {
    const BIAS: i16 = 0x84;
    let byte = !byte;
    let size = (((i16::from(byte & 0x0f) << 3) + BIAS) << ((byte >> 4) & 7)) - BIAS;
    if byte & 0x80 == 0 { size } else { -size }
}

/// The same with every second bit inverted, and a straight piece about zero.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = (i16::from(byte & 0x0f) << 4) + 8;
    let size = match (byte >> 4) & 7 {
        0 => mantissa,
        exponent => (mantissa + 0x100) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::slice::from_ref;

    fn le16(numbers: &[i16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn chunk_of(name: &str, length: u32, body: &[u8]) -> Vec<u8> {
        [name.as_bytes(), &length.to_le_bytes(), body].concat()
    }

    fn form(code: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let words = [code.to_le_bytes(), channels.to_le_bytes()].concat();
        // How many bytes that is a second, and a frame, is wrong at flite's: nobody asks.
        chunk_of("fmt ", 16, &[&words[..], &rate.to_le_bytes(), &[0; 6], &bits.to_le_bytes()].concat())
    }

    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        [&b"RIFF\x24\xf0\xff\x7fWAVE"[..], &chunks.concat()].concat()
    }

    fn samples(chunks: &[Vec<u8>]) -> Vec<i16> {
        read(&wav(chunks)).expect("it is one").samples
    }

    fn fault(bytes: &[u8]) -> String {
        read(bytes).expect_err("no sound is in it")
    }

    /// The first bytes of what espeak-ng 1.51 prints with `--stdout`, and of a file that flite 2.2 writes.
    #[test]
    fn what_espeak_and_flite_print_is_read() {
        let espeak =
            b"RIFF$\xf0\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\0\xf0\xff\x7f\
                       \x19\0\x32\0\x44\0";
        let read_back = read(espeak).expect("it is one");
        assert_eq!((read_back.rate, read_back.samples), (22_050, vec![0x19, 0x32, 0x44]));
        let flite = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\0\x7d\0\0\x02\0\x10\0data\x04\0\0\0\xe8\xff\xe9\xff";
        let read_back = read(flite).expect("it is one");
        assert_eq!((read_back.rate, read_back.samples), (8_000, vec![-24, -23]));
    }

    #[test]
    fn a_length_is_believed_where_there_are_so_many_bytes() {
        let (form, sound) = (form(1, 1, 8_000, 16), le16(&[1, 2, 3]));
        for lie in [0, 7, 0x7fff_f000, u32::MAX] {
            assert_eq!(samples(&[form.clone(), chunk_of("data", lie, &sound)]), [1, 2, 3], "{lie}");
        }
        let list = chunk_of("LIST", 4, b"INFO");
        assert_eq!(samples(&[form.clone(), chunk_of("data", 6, &sound), list.clone()]), [1, 2, 3]);
        let odd = chunk_of("odd ", 3, b"odd\0");
        assert_eq!(samples(&[list, odd, form.clone(), chunk_of("data", 6, &sound)]), [1, 2, 3]);
        assert_eq!(samples(&[form, chunk_of("data", 6, &sound[..5])]), [1, 2], "the last one is half there");
    }

    #[test]
    fn channels_become_one_and_every_form_sixteen_bits() {
        let pairs = le16(&[100, 200, -32_768, 32_767]);
        assert_eq!(samples(&[form(1, 2, 8_000, 16), chunk_of("data", 8, &pairs)]), [150, 0]);
        assert_eq!(
            samples(&[form(1, 1, 8_000, 8), chunk_of("data", 4, &[0, 128, 129, 255])]),
            [-32_768, 0, 256, 32_512]
        );
        // As sox decodes them.
        let mu = [0xff, 0x7f, 0x00, 0x80, 0xfa, 0x35];
        assert_eq!(samples(&[form(7, 1, 8_000, 8), chunk_of("data", 6, &mu)]), [0, 0, -32_124, 32_124, 40, -3_260]);
        let a = [0xd5, 0x55, 0x2a, 0xaa, 0xd7, 0x35];
        assert_eq!(samples(&[form(6, 1, 8_000, 8), chunk_of("data", 6, &a)]), [8, -8, -32_256, 32_256, 40, -8_448]);
    }

    #[test]
    fn what_is_no_sound_is_told_with_what_is_allowed() {
        let data = chunk_of("data", 2, &[0, 0]);
        for (bytes, why) in [
            (Vec::new(), "nothing; allowed: one WAV with PCM of 8 or 16 bits"),
            (b"ID3 and so on".to_vec(), "13 bytes that are no WAV"),
            (wav(&[]), "a WAV without sound in it"),
            (wav(from_ref(&data)), "does not say of which form it is"),
            (wav(&[form(1, 1, 8_000, 16), chunk_of("data", 0, &[])]), "a WAV without sound in it"),
            (wav(&[form(1, 1, 8_000, 16)[..20].to_vec()]), "ends in its header"),
            (wav(&[form(3, 1, 8_000, 32), data.clone()]), "a WAV of form 3 with 32 bits"),
            (wav(&[form(1, 6, 8_000, 16), data.clone()]), "a WAV of 6 channels at 8000 samples a second"),
            (wav(&[form(1, 0, 8_000, 16), data.clone()]), "a WAV of 0 channels"),
            (wav(&[form(1, 1, 96_000, 16), data]), "at 96000 samples a second"),
        ] {
            let told = fault(&bytes);
            assert!(told.contains(why), "{told}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(form in prop::array::uniform16(any::<u8>()), rest in any::<Vec<u8>>()) {
            let _told = read(&rest);
            let _told = read(&wav(from_ref(&rest)));
            let _told = read(&wav(&[chunk_of("fmt ", 16, &form), chunk_of("data", 0, &rest)]));
        }
    }
}
