//! Keys and values of the sequences being decoded, on a device: every slot takes part in every product, so that a step
//! is a handful of launches for each block, however many sequences there are.
//!
//! One tensor per block for keys and one for values, `[slot * kv_head, position, head_dim]`, written in place. A mask
//! says what the slots see. Slots that have no token in a step compute with whatever they hold; nobody reads the
//! result, and they write past its end, where their own next token will go.

use candle_core::Tensor;

use super::attention::visible_keys;
use super::config::DecoderConfig;
use super::kv_cache::Cursor;
use super::linear::matmul;
use crate::device::Place;
use crate::error::Result;
use crate::ops::masked_softmax;

/// The cache of one generation.
pub(crate) struct DeviceCache {
    /// Keys and values of each block.
    layers: Vec<(Tensor, Tensor)>,
    windows: Vec<Option<usize>>,
    /// Positions that each slot holds.
    lengths: Vec<usize>,
    capacity: usize,
    slots: usize,
    kv_heads: usize,
    head_dim: usize,
    /// Factor on the scores.
    scale: f64,
    step: Option<Step>,
}

/// What all blocks of a decode step have in common.
struct Step {
    /// Slots of the running sequences `[B]`; `None` if all slots are running.
    running: Option<Tensor>,
    /// Where the new keys go, `[slots * K, 1, Dh]`.
    places: Tensor,
    /// Number of positions that are attended to.
    seen: usize,
    /// Which of the positions each slot sees `[slots * K, 1, seen]`, for each block.
    masks: Vec<Tensor>,
}

impl DeviceCache {
    /// Room for `slots` sequences of `capacity` positions.
    pub(crate) fn new(
        config: &DecoderConfig,
        place: &Place,
        slots: usize,
        capacity: usize,
    ) -> Result<Self> {
        let (kv_heads, head_dim) = (config.num_key_value_heads, config.head_dim);
        let capacity = capacity.max(1);
        let room = || {
            Tensor::zeros(
                (slots * kv_heads, capacity, head_dim),
                place.dtype,
                &place.device,
            )
        };
        let layers = (0..config.num_hidden_layers)
            .map(|_| Ok((room()?, room()?)))
            .collect::<Result<_>>()?;
        let (windows, lengths) = (config.sliding_windows.clone(), vec![0; slots]);
        Ok(Self {
            layers,
            windows,
            lengths,
            capacity,
            slots,
            kv_heads,
            head_dim,
            scale: config.attention_multiplier,
            step: None,
        })
    }

    /// Copies a prompt's keys and values `[T, K, Dh]` to the start of a slot.
    pub(crate) fn write_prompt(
        &mut self,
        layer: usize,
        slot: usize,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<()> {
        self.lengths[slot] = k.dim(0)?;
        let (keys, values) = &self.layers[layer];
        for (room, fresh) in [(keys, k), (values, v)] {
            let slot_rows = room.narrow(0, slot * self.kv_heads, self.kv_heads)?;
            slot_rows.slice_set(&fresh.transpose(0, 1)?.contiguous()?, 1, 0)?;
        }
        Ok(())
    }

    /// Prepares a step that carries one token of each of these sequences.
    pub(crate) fn begin(&mut self, cursors: &[Cursor]) -> Result<()> {
        let device = self.layers[0].0.device();
        let last = self.capacity - 1;
        let mut written: Vec<usize> = self
            .lengths
            .iter()
            .map(|length| *length.min(&last))
            .collect();
        let mut positions = vec![0; self.slots];
        for cursor in cursors {
            written[cursor.slot] = cursor.position;
            positions[cursor.slot] = cursor.position;
            self.lengths[cursor.slot] = cursor.position + 1;
        }
        let seen = cursors
            .iter()
            .map(|cursor| cursor.position + 1)
            .max()
            .unwrap_or(1);
        let of_slots = |positions: &[usize], number: &dyn Fn(usize) -> usize| -> Result<Tensor> {
            let numbers = positions
                .iter()
                .flat_map(|position| std::iter::repeat_n(number(*position) as u32, self.kv_heads));
            Ok(Tensor::from_vec(
                numbers.collect::<Vec<u32>>(),
                (self.slots * self.kv_heads, 1, 1),
                device,
            )?)
        };
        let places = of_slots(&written, &|position| position)?
            .broadcast_as((self.slots * self.kv_heads, 1, self.head_dim))?
            .contiguous()?;
        let columns = Tensor::arange(0, seen as u32, device)?.reshape((1, 1, seen))?;
        let mut masks: Vec<Tensor> = Vec::with_capacity(self.windows.len());
        for (layer, window) in self.windows.iter().enumerate() {
            if let Some(same) = self.windows[..layer]
                .iter()
                .position(|earlier| earlier == window)
            {
                masks.push(masks[same].clone());
                continue;
            }
            let visible = |position| visible_keys(position, 1, *window);
            let after = columns
                .broadcast_ge(&of_slots(&positions, &|position| visible(position).start)?)?;
            let before =
                columns.broadcast_lt(&of_slots(&positions, &|position| visible(position).end)?)?;
            masks.push((after * before)?);
        }
        let slots: Vec<u32> = cursors.iter().map(|cursor| cursor.slot as u32).collect();
        let everyone = slots.iter().copied().eq(0..self.slots as u32);
        let running = (!everyone)
            .then(|| Tensor::new(slots.as_slice(), device))
            .transpose()?;
        self.step = Some(Step {
            running,
            places,
            seen,
            masks,
        });
        Ok(())
    }

    /// One block of the step: stores k and v `[B, K, Dh]` of the new tokens and attends from q `[B, H, Dh]` to what
    /// their slots and the block's window hold → `[B, H*Dh]`.
    pub(crate) fn attend(
        &mut self,
        layer: usize,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        let Some(step) = &self.step else {
            return Err(candle_core::Error::Msg("a decode step was not begun".to_owned()).into());
        };
        let (slots, kv_heads, head_dim) = (self.slots, self.kv_heads, self.head_dim);
        let in_slots = |t: &Tensor| -> Result<Tensor> {
            let Some(running) = &step.running else {
                return Ok(t.clone());
            };
            let (_, heads, width) = t.dims3()?;
            Ok(Tensor::zeros((slots, heads, width), t.dtype(), t.device())?
                .index_add(running, t, 0)?)
        };
        let (keys, values) = &self.layers[layer];
        for (room, fresh) in [(keys, k), (values, v)] {
            let fresh = in_slots(fresh)?.reshape((slots * kv_heads, 1, head_dim))?;
            room.scatter_set(&step.places, &fresh.contiguous()?, 1)?;
        }
        let q = in_slots(q)?.reshape((slots * kv_heads, q.dim(1)? / kv_heads, head_dim))?;
        let scores = matmul(&q, &keys.narrow(1, 0, step.seen)?.t()?)?;
        let probs = masked_softmax(&scores, &step.masks[layer], self.scale)?;
        let out = matmul(&probs, &values.narrow(1, 0, step.seen)?)?.reshape((slots, ()))?;
        Ok(match &step.running {
            Some(running) => out.index_select(running, 0)?,
            None => out,
        })
    }
}
