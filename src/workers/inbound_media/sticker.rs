//! WEBP → PNG for stickers, because GHL does not accept WEBP. An animated sticker becomes its first picture.
//!
//! Owns the conversion and its limits: a file of a few kB may declare gigabytes of pixels, so nothing larger than a
//! sticker is decoded.

use std::io::Cursor;

use image_webp::WebPDecoder;
use png::{BitDepth, ColorType, Compression, Encoder};

/// Longest side in pixels. A sticker has 512; twice that is four megabytes of pixels.
const MAX_SIDE: u32 = 1024;
/// Bytes that a decoder may hold in addition to the picture.
const MEMORY: usize = 16 * 1024 * 1024;
/// A header of a file or a chunk: its name and its length.
const CHUNK_HEAD: usize = 8;
/// Length of the header before the picture in a frame of an animation.
const FRAME_HEAD: usize = 16;

/// The picture as PNG; none if it is broken or too large.
pub(super) fn to_png(webp: &[u8]) -> Option<Vec<u8>> {
    // Chunks declare their own sizes, which the decoder would trust before it compares them.
    if !is_small(webp.get(12..)?, 0) {
        return None;
    }
    let mut decoder = WebPDecoder::new(Cursor::new(webp)).ok()?;
    decoder.set_memory_limit(MEMORY);
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE {
        return None;
    }
    let color = if decoder.has_alpha() {
        ColorType::Rgba
    } else {
        ColorType::Rgb
    };
    let mut pixels = vec![0; decoder.output_buffer_size()?];
    decoder.read_image(&mut pixels).ok()?;
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(png)
}

/// Whether no picture in these chunks declares more than `MAX_SIDE`. Frames contain chunks, pictures do not.
fn is_small(chunks: &[u8], depth: u32) -> bool {
    let mut rest = chunks;
    while let Some((head, after)) = rest.split_at_checked(CHUNK_HEAD) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let body = &after[..size.min(after.len())];
        let fits = match &head[..4] {
            b"VP8 " => lossy_side(body).is_none_or(|side| side <= MAX_SIDE),
            b"VP8L" => lossless_side(body).is_none_or(|side| side <= MAX_SIDE),
            b"ANMF" if depth == 0 => body
                .get(FRAME_HEAD..)
                .is_none_or(|frame| is_small(frame, 1)),
            _ => true,
        };
        if !fits {
            return false;
        }
        // Chunks begin at even positions.
        let next = size.saturating_add(size % 2);
        rest = after.get(next..).unwrap_or_default();
    }
    true
}

/// The longer side. Each side has 14 bits, after a tag and a start code.
fn lossy_side(body: &[u8]) -> Option<u32> {
    let sides = body.get(6..10)?;
    let side = |at: usize| u32::from(u16::from_le_bytes([sides[at], sides[at + 1]]) & 0x3fff);
    Some(side(0).max(side(2)))
}

/// The longer side. Each side minus one has 14 bits, after a signature.
fn lossless_side(body: &[u8]) -> Option<u32> {
    let bits = body.get(1..5)?;
    let bits = u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
    Some((bits & 0x3fff).max(bits >> 14 & 0x3fff) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webp(width: u32, height: u32, red: u8) -> Vec<u8> {
        let pixels = [red, 10, 10, 255].repeat((width * height) as usize);
        let mut file = Vec::new();
        image_webp::WebPEncoder::new(&mut file)
            .encode(&pixels, width, height, image_webp::ColorType::Rgba8)
            .unwrap();
        file
    }

    fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_sticker_becomes_the_same_picture_as_png() {
        let (width, height, pixels) = decoded(&to_png(&webp(64, 32, 200)).unwrap());
        assert_eq!((width, height), (64, 32));
        assert!(pixels.starts_with(&[200, 10, 10]));
    }

    fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [name, &length, body].concat()
    }

    #[test]
    fn an_animated_sticker_becomes_its_first_picture() {
        let frame = |color: u8| {
            let picture = webp(64, 32, color).split_off(12);
            // No offset, 64 by 32, 100 ms.
            let head = [0, 0, 0, 0, 0, 0, 63, 0, 0, 31, 0, 0, 100, 0, 0, 0];
            chunk(b"ANMF", &[head.as_slice(), &picture].concat())
        };
        let canvas = chunk(b"VP8X", &[0x12, 0, 0, 0, 63, 0, 0, 31, 0, 0]);
        let animation = chunk(b"ANIM", &[0; 6]);
        let body = [b"WEBP".to_vec(), canvas, animation, frame(200), frame(90)].concat();
        let (width, height, pixels) = decoded(&to_png(&chunk(b"RIFF", &body)).unwrap());
        assert_eq!((width, height), (64, 32));
        // It is blended with an empty canvas, which may round.
        assert!(pixels[0].abs_diff(200) <= 1, "{:?}", &pixels[..4]);
    }

    #[test]
    fn what_is_broken_or_larger_than_a_sticker_is_not_converted() {
        assert_eq!(to_png(&webp(1, MAX_SIDE + 1, 0)), None);
        assert_eq!(to_png(b"RIFF"), None);
        let whole = webp(64, 64, 0);
        for length in 0..whole.len() {
            let _ = to_png(&whole[..length]);
        }
        assert_eq!(to_png(&whole[..whole.len() / 2]), None);
    }

    #[test]
    fn a_picture_that_is_larger_inside_than_outside_is_seen_before_it_is_decoded() {
        let sides = |width: u16, height: u16| {
            let mut body = b"\0\0\0\x9d\x01\x2a".to_vec();
            body.extend(width.to_le_bytes().into_iter().chain(height.to_le_bytes()));
            chunk(b"VP8 ", &body)
        };
        assert!(is_small(&sides(512, 512), 0));
        assert!(!is_small(&sides(16_383, 512), 0));
        let body = [vec![0; FRAME_HEAD], sides(512, 16_383)].concat();
        let frame = chunk(b"ANMF", &body);
        assert!(!is_small(&frame, 0));
    }
}
