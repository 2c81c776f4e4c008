// Checks of the kernel table.
