"""Label files, pictures, augmentation and batches."""
