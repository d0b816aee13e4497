//! The GGUF container: metadata and the list of tensors, read from a mapped file and written as a stream.
//!
//! Layout: `docs/gguf.md` of ggml-org/ggml, versions 2 and 3, little-endian. Every length is checked against the
//! remaining size of the file before anything is allocated: a file from elsewhere must not be able to exhaust memory.

use std::collections::BTreeMap;
use std::io::Write;

use candle_core::quantized::GgmlDType;

use crate::model::packed::row_bytes;

const MAGIC: &[u8; 4] = b"GGUF";
/// Where tensors begin if the file does not say otherwise, in bytes.
pub(crate) const ALIGNMENT: usize = 32;
/// Longest accepted metadata array; the largest vocabularies have a quarter of a million entries.
const MAX_ARRAY: u64 = 1 << 24;
/// The most dimensions that a tensor may have.
const MAX_DIMENSIONS: u32 = 4;

/// A metadata value. Narrow integers are widened when read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64),
    Bool(bool),
    String(String),
    /// Values all of one type; arrays of arrays are refused.
    Array(Vec<Value>),
}

impl Value {
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::U32(value) => Some(u64::from(*value)),
            Self::U64(value) => Some(*value),
            Self::I32(value) => u64::try_from(*value).ok(),
            Self::I64(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// A number as it reads in decimal: `1e-5` stored as f32 is `1e-5` again.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F32(value) => value.to_string().parse().ok(),
            Self::F64(value) => Some(*value),
            _ => self.as_u64().map(|value| value as f64),
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::String(value) = self {
            Some(value)
        } else {
            None
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(values) = self {
            Some(values)
        } else {
            None
        }
    }

    pub(crate) fn strings<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Array(
            values
                .into_iter()
                .map(|value| Self::String(value.to_owned()))
                .collect(),
        )
    }

    const fn type_number(&self) -> u32 {
        match self {
            Self::U32(_) => 4,
            Self::I32(_) => 5,
            Self::F32(_) => 6,
            Self::Bool(_) => 7,
            Self::String(_) => 8,
            Self::Array(_) => 9,
            Self::U64(_) => 10,
            Self::I64(_) => 11,
            Self::F64(_) => 12,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::U32(value) => out.extend(value.to_le_bytes()),
            Self::I32(value) => out.extend(value.to_le_bytes()),
            Self::U64(value) => out.extend(value.to_le_bytes()),
            Self::I64(value) => out.extend(value.to_le_bytes()),
            Self::F32(value) => out.extend(value.to_le_bytes()),
            Self::F64(value) => out.extend(value.to_le_bytes()),
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::String(value) => write_string(value, out),
            Self::Array(values) => {
                out.extend(values.first().map_or(4, Self::type_number).to_le_bytes());
                out.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| value.write(out));
            }
        }
    }
}

/// Metadata by key.
pub(crate) type Metadata = BTreeMap<String, Value>;

/// An entry of the list of tensors.
#[derive(Debug, Clone)]
pub(crate) struct TensorInfo {
    pub(crate) name: String,
    /// `[out, in]`: ggml lists the dimensions in the opposite order.
    pub(crate) shape: Vec<usize>,
    /// The type, or its number if it is not one that can be read.
    pub(crate) dtype: Result<GgmlDType, u32>,
    /// Offset in bytes from the beginning of the file.
    pub(crate) start: usize,
    /// Size in bytes; zero for a type that cannot be read.
    pub(crate) bytes: usize,
    /// The part of a split file that holds it.
    pub(crate) part: usize,
}

/// Reads metadata and tensor list; the reason for a refusal is written for people.
pub(crate) fn read_header(file: &[u8]) -> Result<(Metadata, Vec<TensorInfo>), String> {
    let mut reader = Reader { file, position: 0 };
    if reader.take(4)? != MAGIC {
        return Err(
            "this is not a GGUF file; name the folder of a model, or a .gguf file".to_owned(),
        );
    }
    let version = reader.u32()?;
    if version & 0xffff == 0 {
        return Err(
            "it is big-endian, made for another kind of processor; download the little-endian file, or convert it with \
             gguf_convert_endian of llama.cpp's gguf-py"
                .to_owned(),
        );
    }
    if !(2..=3).contains(&version) {
        return Err(format!(
            "it has version {version} of the format; 2 and 3 can be read"
        ));
    }
    let (tensor_count, metadata_count) = (reader.u64()?, reader.u64()?);
    let mut metadata = Metadata::new();
    for _ in 0..metadata_count {
        let key = reader.string()?;
        let kind = reader.u32()?;
        let value = reader.value(kind)?;
        metadata.insert(key, value);
    }
    let mut tensors = Vec::new();
    for _ in 0..tensor_count {
        tensors.push(reader.tensor()?);
    }
    let alignment = metadata
        .get("general.alignment")
        .and_then(Value::as_u64)
        .unwrap_or(ALIGNMENT as u64);
    let alignment = usize::try_from(alignment)
        .ok()
        .filter(|a| a.is_power_of_two() && *a <= 1 << 20);
    let alignment = alignment.ok_or("general.alignment is no power of two")?;
    let data = reader.position.next_multiple_of(alignment);
    for tensor in &mut tensors {
        tensor.start = tensor
            .start
            .checked_add(data)
            .ok_or("a tensor lies beyond any file")?;
    }
    Ok((metadata, tensors))
}

struct Reader<'a> {
    file: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: u64) -> Result<&'a [u8], String> {
        let unread = &self.file[self.position..];
        let bytes = usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= unread.len());
        let bytes =
            bytes.ok_or("the header is cut short or damaged; download or copy the file again")?;
        self.position += bytes;
        Ok(&unread[..bytes])
    }

    fn number<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], String> {
        Ok(self.take(BYTES as u64)?.try_into().unwrap_or([0; BYTES]))
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.number()?))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.number()?))
    }

    fn string(&mut self) -> Result<String, String> {
        let length = self.u64()?;
        // Some vocabularies hold byte sequences that are not UTF-8.
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn value(&mut self, kind: u32) -> Result<Value, String> {
        if kind != 9 {
            return self.scalar(kind);
        }
        let (kind, length) = (self.u32()?, self.u64()?);
        if kind == 9 || length > MAX_ARRAY {
            return Err(format!(
                "a metadata array is nested or has {length} entries"
            ));
        }
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(self.scalar(kind)?);
        }
        Ok(Value::Array(values))
    }

    fn scalar(&mut self, kind: u32) -> Result<Value, String> {
        Ok(match kind {
            0 => Value::U32(u32::from(u8::from_le_bytes(self.number()?))),
            1 => Value::I32(i32::from(i8::from_le_bytes(self.number()?))),
            2 => Value::U32(u32::from(u16::from_le_bytes(self.number()?))),
            3 => Value::I32(i32::from(i16::from_le_bytes(self.number()?))),
            4 => Value::U32(self.u32()?),
            5 => Value::I32(i32::from_le_bytes(self.number()?)),
            6 => Value::F32(f32::from_le_bytes(self.number()?)),
            7 => Value::Bool(self.number::<1>()? != [0]),
            8 => Value::String(self.string()?),
            10 => Value::U64(self.u64()?),
            11 => Value::I64(i64::from_le_bytes(self.number()?)),
            12 => Value::F64(f64::from_le_bytes(self.number()?)),
            other => return Err(format!("metadata has the unknown type {other}")),
        })
    }

    /// A tensor's entry; `start` is still counted from the beginning of the data.
    fn tensor(&mut self) -> Result<TensorInfo, String> {
        let name = self.string()?;
        let dimensions = self.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(format!("tensor `{name}` has {dimensions} dimensions"));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(usize::try_from(self.u64()?).map_err(|e| format!("tensor `{name}`: {e}"))?);
        }
        shape.reverse();
        let number = self.u32()?;
        let start = usize::try_from(self.u64()?).map_err(|e| format!("tensor `{name}`: {e}"))?;
        let dtype = dtype_of(number).ok_or(number);
        let bytes = match dtype {
            Err(_) => 0,
            Ok(dtype) => bytes_of(dtype, &shape)
                .ok_or_else(|| format!("tensor `{name}` has the impossible shape {shape:?}"))?,
        };
        Ok(TensorInfo {
            name,
            shape,
            dtype,
            start,
            bytes,
            part: 0,
        })
    }
}

/// Size of a tensor; `None` where blocks do not divide its rows or it is larger than any memory.
pub(crate) fn bytes_of(dtype: GgmlDType, shape: &[usize]) -> Option<usize> {
    let (columns, rows) = shape
        .split_last()
        .map_or((1, &[][..]), |(columns, rows)| (*columns, rows));
    rows.iter()
        .try_fold(row_bytes(dtype, columns)?, |bytes, rows| {
            bytes.checked_mul(*rows)
        })
}

/// The numbers of `enum ggml_type`.
const TYPES: [(u32, GgmlDType); 13] = [
    (0, GgmlDType::F32),
    (1, GgmlDType::F16),
    (2, GgmlDType::Q4_0),
    (3, GgmlDType::Q4_1),
    (6, GgmlDType::Q5_0),
    (7, GgmlDType::Q5_1),
    (8, GgmlDType::Q8_0),
    (10, GgmlDType::Q2K),
    (11, GgmlDType::Q3K),
    (12, GgmlDType::Q4K),
    (13, GgmlDType::Q5K),
    (14, GgmlDType::Q6K),
    (30, GgmlDType::BF16),
];

fn dtype_of(number: u32) -> Option<GgmlDType> {
    TYPES
        .into_iter()
        .find(|(known, _)| *known == number)
        .map(|(_, dtype)| dtype)
}

/// A tensor to be written.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) dtype: GgmlDType,
    pub(crate) shape: Vec<usize>,
}

/// Writes metadata and tensor list; the tensors follow in this order, each followed by [`write_padding`].
pub(crate) fn write_header(
    out: &mut impl Write,
    metadata: &[(String, Value)],
    tensors: &[Planned],
) -> std::io::Result<()> {
    let mut header = MAGIC.to_vec();
    header.extend(3u32.to_le_bytes());
    header.extend((tensors.len() as u64).to_le_bytes());
    header.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata {
        write_string(key, &mut header);
        header.extend(value.type_number().to_le_bytes());
        value.write(&mut header);
    }
    let mut start = 0u64;
    for tensor in tensors {
        let number = TYPES
            .into_iter()
            .find(|(_, dtype)| *dtype == tensor.dtype)
            .map_or(0, |(number, _)| number);
        write_string(&tensor.name, &mut header);
        header.extend((tensor.shape.len() as u32).to_le_bytes());
        tensor
            .shape
            .iter()
            .rev()
            .for_each(|n| header.extend((*n as u64).to_le_bytes()));
        header.extend(number.to_le_bytes());
        header.extend(start.to_le_bytes());
        start += bytes_of(tensor.dtype, &tensor.shape)
            .unwrap_or(0)
            .next_multiple_of(ALIGNMENT) as u64;
    }
    header.resize(header.len().next_multiple_of(ALIGNMENT), 0);
    out.write_all(&header)
}

/// Pads up to the next tensor after one of `bytes` bytes.
pub(crate) fn write_padding(out: &mut impl Write, bytes: usize) -> std::io::Result<()> {
    out.write_all(&[0; ALIGNMENT][..bytes.next_multiple_of(ALIGNMENT) - bytes])
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}
