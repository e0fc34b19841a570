"""TensorFlow Serving's contract around a real SavedModel, without its binary.

Follows the documents "RESTful API" and "TensorFlow Serving API" of the server and its
`util/json_tensor.cc`: what clients can rely on, nothing about scheduling. It exists to test the
client and to measure the SavedModel behind a socket; it is no server for anybody.
"""

import argparse
import base64
import json
import re
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

_PATH = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+)|/labels/(\w+))?(:predict|/metadata)?")


class ServableError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Servable:
    """One model with one loaded version."""

    def __init__(self, path, name="hinet", version=1, labels=("stable",)):
        self.path, self.name, self.version = path, name, version
        self.labels = dict.fromkeys(labels, version)
        self.loaded = tf.saved_model.load(str(path))
        self.signatures = self.loaded.signatures
        self.refuse_next = []  # Codes with which the next requests are refused.
        # One request at a time: each uses every core.
        self.lock = threading.Lock()

    def resolve(self, name, version=None, label=None):
        if name != self.name:
            raise ServableError(
                grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({name})"
            )
        if label and label not in self.labels:
            raise ServableError(
                grpc.StatusCode.INVALID_ARGUMENT, f"Unrecognized servable version label: {label}"
            )
        if version and version != self.version:
            raise ServableError(
                grpc.StatusCode.NOT_FOUND,
                f"Servable not found for request: Specific({name}, {version})",
            )

    def signature(self, name):
        name = name or "serving_default"
        if name not in self.signatures:
            raise ServableError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f'Serving signature name: "{name}" not found in signature def',
            )
        return self.signatures[name]

    def predict(self, signature, inputs):
        if self.refuse_next:
            raise ServableError(self.refuse_next.pop(0), "queue is full")
        specs = signature.structured_input_signature[1]
        if set(inputs) != set(specs):
            raise ServableError(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"input keys {sorted(inputs)} do not match {sorted(specs)}",
            )
        for name, tensor in inputs.items():
            if tensor.dtype != specs[name].dtype:
                raise ServableError(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    f"Expects {specs[name].dtype.name} but {tensor.dtype.name} is provided",
                )
        try:
            with self.lock:
                return signature(**inputs)
        except tf.errors.InvalidArgumentError as error:
            raise ServableError(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error

    def metadata(self):
        model = saved_model_pb2.SavedModel.FromString((self.path / "saved_model.pb").read_bytes())
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in model.meta_graphs[0].signature_def.items():
            definitions.signature_def[name].CopyFrom(definition)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.name
        response.model_spec.version.value = self.version
        response.metadata["signature_def"].Pack(definitions)
        return response

    def status(self):
        response = get_model_status_pb2.GetModelStatusResponse()
        state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        response.model_version_status.add(version=self.version, state=state)
        return response


class _Grpc(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, servable):
        self.servable = servable

    def _resolve(self, spec):
        version = spec.version.value if spec.HasField("version") else None
        self.servable.resolve(spec.name, version, spec.version_label)

    def Predict(self, request, context):
        try:
            self._resolve(request.model_spec)
            signature = self.servable.signature(request.model_spec.signature_name)
            inputs = {n: tf.constant(tf.make_ndarray(t)) for n, t in request.inputs.items()}
            outputs = self.servable.predict(signature, inputs)
        except ServableError as error:
            context.abort(error.code, str(error))
        response = predict_pb2.PredictResponse()
        response.model_spec.name = self.servable.name
        response.model_spec.version.value = self.servable.version
        for name, tensor in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(tensor))
        return response

    def GetModelMetadata(self, request, context):
        try:
            self._resolve(request.model_spec)
        except ServableError as error:
            context.abort(error.code, str(error))
        return self.servable.metadata()

    def GetModelStatus(self, request, context):
        try:
            self._resolve(request.model_spec)
        except ServableError as error:
            context.abort(error.code, str(error))
        return self.servable.status()


_HTTP_CODES = {
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 412,
    grpc.StatusCode.UNAVAILABLE: 503,
}


def _rest_handler(servable):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(lambda kind: self._read(kind))

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(lambda kind: predict_json(servable, body), needs=":predict")

        def _read(self, kind):
            if kind == "/metadata":
                return json_format.MessageToDict(
                    servable.metadata(), preserving_proto_field_name=True
                )
            status = json_format.MessageToDict(servable.status(), preserving_proto_field_name=True)
            status["model_version_status"][0].setdefault(
                "status", {"error_code": "OK", "error_message": ""}
            )
            return status

        def _answer(self, respond, needs=None):
            try:
                match = _PATH.fullmatch(self.path)
                if not match or (needs and match[4] != needs):
                    raise ServableError(
                        grpc.StatusCode.INVALID_ARGUMENT,
                        f"Malformed request: {self.command} {self.path}",
                    )
                servable.resolve(match[1], match[2] and int(match[2]), match[3])
                code, answer = 200, respond(match[4])
            except ServableError as error:
                code, answer = _HTTP_CODES[error.code], {"error": str(error)}
            content = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler


def predict_json(servable, body):
    """`:predict` in row form (`instances`) and column form (`inputs`)."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT, f"JSON Parse error: {error}"
        ) from error
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Request must have exactly one of the keys 'instances' and 'inputs'",
        )
    signature = servable.signature(request.get("signature_name"))
    specs = signature.structured_input_signature[1]
    if "instances" in request:
        columns = _columns_of_rows(request["instances"], specs)
    else:
        columns = request["inputs"]
        if len(specs) == 1 and (not isinstance(columns, dict) or set(columns) == {"b64"}):
            columns = {next(iter(specs)): columns}
    try:
        inputs = {
            name: tf.constant(_from_json(value), specs[name].dtype)
            for name, value in columns.items()
            if name in specs
        }
    except (TypeError, ValueError) as error:
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT, f"JSON Value is not a tensor: {error}"
        ) from error
    if set(columns) != set(specs):
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT, f"Missing named input: {sorted(specs)} in request"
        )
    outputs = {
        name: _to_json(tensor.numpy(), name.endswith("_bytes"))
        for name, tensor in servable.predict(signature, inputs).items()
    }
    single = len(outputs) == 1
    if "inputs" in request:
        return {"outputs": next(iter(outputs.values())) if single else outputs}
    rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    return {"predictions": [next(iter(row.values())) for row in rows] if single else rows}


def _columns_of_rows(instances, specs):
    if not isinstance(instances, list) or not instances:
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT, "Excepting 'instances' to be a list/array"
        )
    named = [isinstance(row, dict) and set(row) != {"b64"} for row in instances]
    if all(named):
        return {name: [row.get(name) for row in instances] for name in instances[0]}
    if any(named) or len(specs) != 1:
        raise ServableError(
            grpc.StatusCode.INVALID_ARGUMENT, "instances is a plain list, but expecting objects"
        )
    return {next(iter(specs)): instances}


def _from_json(value):
    if isinstance(value, dict):
        if set(value) != {"b64"}:
            raise ValueError(f"expected only the key b64, received {sorted(value)}")
        return base64.b64decode(value["b64"], validate=True)
    return [_from_json(entry) for entry in value] if isinstance(value, list) else value


def _to_json(array, is_bytes):
    if array.dtype != object:
        return array.tolist()
    if is_bytes:
        return [{"b64": base64.b64encode(entry).decode()} for entry in array]
    return [entry.decode() for entry in array]


class LoopbackServer:
    """Both interfaces on free ports of this machine, until `close`."""

    def __init__(self, servable):
        self.servable = servable
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._grpc = grpc.server(futures.ThreadPoolExecutor(8), options=options)
        service = _Grpc(servable)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, self._grpc)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(service, self._grpc)
        self.grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self._rest = ThreadingHTTPServer(("127.0.0.1", 0), _rest_handler(servable))
        self.rest_port = self._rest.server_port
        threading.Thread(target=self._rest.serve_forever, daemon=True).start()

    def close(self):
        self._rest.shutdown()
        self._rest.server_close()
        self._grpc.stop(None).wait()


def main():
    """Serves until its standard input is closed; prints both ports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    server = LoopbackServer(Servable(parser.parse_args().model))
    print(server.rest_port, server.grpc_port, flush=True)
    input()


if __name__ == "__main__":
    main()
