"""One interface to the other engines: read a model, set a picture, execute, return the heads.

Each is configured according to its manual for one picture at a time on a fixed number of threads. float32 stays float32: OpenVINO
would use bfloat16 if the processor has it. The input is in the engine before the measurement starts.
"""

from __future__ import annotations

from pathlib import Path

import numpy


class OpenVINO:
    def __init__(self, model: Path, threads: int):
        import openvino

        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": "1", "PERFORMANCE_HINT": "LATENCY"}
        self._openvino = openvino
        self._request = openvino.Core().compile_model(str(model), "CPU", settings).create_infer_request()

    def load(self, image: numpy.ndarray) -> None:
        self._image = image
        self._request.set_input_tensor(self._openvino.Tensor(image, shared_memory=True))

    def run(self) -> None:
        self._request.infer()

    def heads(self) -> list[numpy.ndarray]:
        return [numpy.array(tensor.data) for tensor in self._request.output_tensors]


class ONNXRuntime:
    def __init__(self, model: Path, threads: int):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._binding = self._session.io_binding()
        for output in self._session.get_outputs():
            self._binding.bind_output(output.name, "cpu")

    def load(self, image: numpy.ndarray) -> None:
        self._binding.bind_cpu_input(self._session.get_inputs()[0].name, image)

    def run(self) -> None:
        self._session.run_with_iobinding(self._binding)

    def heads(self) -> list[numpy.ndarray]:
        return self._binding.copy_outputs_to_cpu()


class NCNN:
    def __init__(self, model: Path, threads: int):
        import ncnn

        self._ncnn, self._net, self._outputs = ncnn, ncnn.Net(), []
        self._net.opt.num_threads = threads
        self._net.opt.use_vulkan_compute = False
        self._net.opt.use_fp16_storage = self._net.opt.use_fp16_arithmetic = self._net.opt.use_bf16_storage = False
        if self._net.load_param(str(model)) or self._net.load_model(str(model.with_suffix(".bin"))):
            raise RuntimeError(f"ncnn cannot read {model}")
        self._names = sorted((name for name in self._net.output_names()), key=lambda name: int(name.removeprefix("out")))

    def load(self, image: numpy.ndarray) -> None:
        self._image = self._ncnn.Mat(image[0]).clone()

    def run(self) -> None:
        extractor = self._net.create_extractor()
        extractor.input("in0", self._image)
        self._outputs = [extractor.extract(name)[1] for name in self._names]

    def heads(self) -> list[numpy.ndarray]:
        return [numpy.array(output)[None] for output in self._outputs]


ENGINES = {"OpenVINO": OpenVINO, "ONNX Runtime": ONNXRuntime, "ncnn": NCNN}
