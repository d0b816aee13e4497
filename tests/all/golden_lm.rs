//! The decoder, tokenizer and sampler against numbers of the reference implementations.
