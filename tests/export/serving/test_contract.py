"""Requests and answers in TensorFlow Serving's own messages and in its JSON."""

import base64

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from hinet_tf.deploy.saved_model.warm_up import WARM_UP_FILE

SIGNATURES = {
    "serving_default": (
        {"image_bytes": types_pb2.DT_STRING},
        {"restored_bytes": types_pb2.DT_STRING, "error": types_pb2.DT_STRING},
    ),
    "restore_float": ({"image": types_pb2.DT_FLOAT}, {"restored": types_pb2.DT_FLOAT}),
    "restore_uint8": ({"image": types_pb2.DT_UINT8}, {"restored": types_pb2.DT_UINT8}),
}


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


@pytest.fixture(scope="module")
def service(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def address(server):
    return f"http://127.0.0.1:{server.rest_port}/v1/models/hinet"


def predict(service, signature, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "hinet"
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    response = service.Predict(request)
    return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}


def b64(content):
    return {"b64": base64.b64encode(content).decode()}


def test_metadata_describes_every_signature(service):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "hinet"
    response = service.GetModelMetadata(request)
    definitions = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(definitions)
    found = {
        name: (
            {key: info.dtype for key, info in definition.inputs.items()},
            {key: info.dtype for key, info in definition.outputs.items()},
        )
        for name, definition in definitions.signature_def.items()
        if not name.startswith("__")
    }
    assert found == SIGNATURES
    for definition in definitions.signature_def.values():
        assert not definition.method_name or "predict" in definition.method_name


def test_status_names_the_loaded_version(channel):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "hinet"
    status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request)
    (version,) = status.model_version_status
    assert (version.version, version.state) == (
        1,
        get_model_status_pb2.ModelVersionStatus.AVAILABLE,
    )


def test_predict_on_every_signature(service, photo, png, restorer, decode):
    expected = restorer.restore(photo)
    answer = predict(service, "serving_default", image_bytes=[png, b"bad", png])
    assert answer["error"][0] == b"" and b"something else" in answer["error"][1]
    np.testing.assert_array_equal(decode(answer["restored_bytes"][2]), expected)
    answer = predict(service, "restore_uint8", image=photo[np.newaxis])
    np.testing.assert_array_equal(answer["restored"][0], expected)
    scaled = photo / np.float32(255)
    answer = predict(service, "restore_float", image=scaled[np.newaxis])
    np.testing.assert_array_equal(answer["restored"][0], restorer.restore(scaled))


@pytest.mark.parametrize(
    "signature, inputs, code",
    [
        ("restore_float", {"image": np.full((1, 16, 16, 3), np.nan, np.float32)}, "INVALID"),
        ("restore_float", {"image": np.zeros((1, 16, 16, 3), np.float64)}, "INVALID"),
        ("restore_uint8", {"image": np.zeros((1, 16, 16, 3), np.float32)}, "INVALID"),
        ("restore_uint8", {"picture": np.zeros((1, 16, 16, 3), np.uint8)}, "INVALID"),
        ("unknown", {"image": np.zeros((1, 16, 16, 3), np.uint8)}, "FAILED_PRECONDITION"),
    ],
)
def test_a_wrong_request_is_refused_and_the_server_lives(service, png, signature, inputs, code):
    with pytest.raises(grpc.RpcError) as error:
        predict(service, signature, **inputs)
    assert error.value.code().name.startswith(code)
    assert predict(service, "serving_default", image_bytes=[png])["error"].tolist() == [b""]


@pytest.mark.parametrize("named", [False, True])
def test_rows_of_json(address, png, photo, restorer, decode, named):
    rows = [{"image_bytes": b64(c)} if named else b64(c) for c in (png, b"bad")]
    response = requests.post(f"{address}:predict", json={"instances": rows}, timeout=60)
    assert response.status_code == 200
    good, bad = response.json()["predictions"]
    assert set(good) == {"restored_bytes", "error"}
    restored = decode(base64.b64decode(good["restored_bytes"]["b64"]))
    np.testing.assert_array_equal(restored, restorer.restore(photo))
    assert good["error"] == "" and "something else" in bad["error"]


def test_columns_of_json(address, png, photo, restorer, decode):
    body = {"inputs": {"image_bytes": [b64(png)]}}
    outputs = requests.post(f"{address}:predict", json=body, timeout=60).json()["outputs"]
    restored = decode(base64.b64decode(outputs["restored_bytes"][0]["b64"]))
    np.testing.assert_array_equal(restored, restorer.restore(photo))
    assert outputs["error"] == [""]


def test_a_single_output_goes_without_its_name(address, photo, restorer):
    body = {"signature_name": "restore_uint8", "instances": photo[np.newaxis].tolist()}
    answer = requests.post(f"{address}/labels/stable:predict", json=body, timeout=60).json()
    np.testing.assert_array_equal(answer["predictions"][0], restorer.restore(photo))


@pytest.mark.parametrize(
    "path, body, code, message",
    [
        (":predict", "{", 400, "JSON Parse error"),
        (":predict", "{}", 400, "instances"),
        (":predict", '{"instances": []}', 400, "instances"),
        (":predict", '{"instances": [{"b64": "%%%"}]}', 400, "not a tensor"),
        (":predict", '{"instances": [3]}', 400, "not a tensor"),
        (":predict", '{"signature_name": "x", "instances": [3]}', 412, '"x" not found'),
        ("/versions/9:predict", '{"instances": [{"b64": ""}]}', 404, "Specific(hinet, 9)"),
        (":classify", "{}", 400, "Malformed request"),
    ],
)
def test_errors_are_json(address, path, body, code, message):
    response = requests.post(address + path, data=body, timeout=60)
    assert response.status_code == code
    assert set(response.json()) == {"error"} and message in response.json()["error"]


def test_status_and_metadata_over_rest(address):
    status = requests.get(address, timeout=60).json()
    assert status["model_version_status"][0]["state"] == "AVAILABLE"
    signatures = requests.get(f"{address}/metadata", timeout=60).json()["metadata"]
    definitions = signatures["signature_def"]["signature_def"]
    assert definitions["serving_default"]["inputs"]["image_bytes"]["dtype"] == "DT_STRING"


def test_the_warm_up_log_plays_every_signature(exported, service):
    requests_seen = {}
    for record in tf.data.TFRecordDataset(str(exported / WARM_UP_FILE)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        requests_seen[request.model_spec.signature_name] = request
    assert set(requests_seen) == set(SIGNATURES)
    for request in requests_seen.values():
        request.model_spec.name = "hinet"
        outputs = service.Predict(request).outputs
        if "error" in outputs:
            assert list(outputs["error"].string_val) == [b""]
