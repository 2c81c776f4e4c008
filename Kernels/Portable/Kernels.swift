// Module Kernels: the Swift side of the kernel table.
public import CKernels
