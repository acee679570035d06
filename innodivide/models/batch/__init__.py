"""Many logits at once: fits that differ in the exposure only, stacked in NumPy."""
