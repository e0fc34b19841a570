"""The files that are deployed as they are, read by what reads them there."""

import ast
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

FOLDER = Path(__file__).parents[3] / "export" / "serving"
IMAGE = "tensorflow/serving:2.20.0"
CONFIGURATIONS = {"models.config", "batching.config", "monitoring.config"}


def flags(arguments):
    return dict(re.fullmatch(r"--(\w+)=(.*)", argument).groups() for argument in arguments)


def kubernetes():
    text = (FOLDER / "kubernetes" / "serving.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def compose():
    return yaml.safe_load((FOLDER / "docker-compose.yml").read_text())["services"]


def container():
    (container,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    return container


def test_models_and_labels():
    text = (FOLDER / "models.config").read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == (
        "hinet",
        "/models/hinet",
        "tensorflow",
    )
    versions = list(model.model_version_policy.specific.versions)
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    # A label on a version that is not loaded makes the server refuse the file.
    assert set(model.version_labels.values()) <= set(versions)


def test_monitoring_is_where_prometheus_looks():
    # Its message is not in tensorflow-serving-api; the form is that of the server's guide.
    text = re.sub(r"#.*|\s", "", (FOLDER / "monitoring.config").read_text())
    path = re.fullmatch(r'prometheus_config\{enable:truepath:"(.+)"\}', text)[1]
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert path == job["metrics_path"]
    annotations = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == job["metrics_path"]
    assert job["static_configs"][0]["targets"] == ["serving:8501"]


def test_batching_parameters_are_known_to_the_server():
    # Its message is not in tensorflow-serving-api; the names are those of session_bundle_config.
    known = {
        "max_batch_size": 1, "batch_timeout_micros": 0, "max_enqueued_batches": 1,
        "num_batch_threads": 1, "allowed_batch_sizes": 1, "pad_variable_length_inputs": 0,
    }  # fmt: skip
    text = re.sub(r"#.*", "", (FOLDER / "batching.config").read_text())
    found = {name: ast.literal_eval(v) for name, v in re.findall(r"(\w+) \{ value: (\S+) \}", text)}
    assert found and all(found[name] >= known[name] for name in found)
    assert found["max_batch_size"] <= 4


@pytest.mark.parametrize("place", ["compose", "kubernetes"])
def test_the_server_gets_the_files_that_are_mounted(place):
    arguments = compose()["serving"]["command"] if place == "compose" else container()["args"]
    named = {Path(v).name for v in flags(arguments).values() if v.startswith("/config/")}
    assert named == CONFIGURATIONS
    assert all((FOLDER / name).is_file() for name in named)


def test_compose():
    services = compose()
    serving = services["serving"]
    assert serving["image"] == IMAGE
    assert all(volume.endswith(":ro") for volume in serving["volumes"])
    assert serving["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    for service in services.values():
        assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (FOLDER / volume.split(":")[0]).is_file(), volume


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_docker_compose_itself_reads_the_file(tmp_path):
    command = ["docker-compose", "-f", FOLDER / "docker-compose.yml", "--profile", "monitoring"]
    run = subprocess.run(
        [*command, "config"],
        env={**os.environ, "MODELS": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    read = yaml.safe_load(run.stdout)["services"]
    assert read.keys() == compose().keys()
    assert f"{tmp_path}:/models:ro" in read["serving"]["volumes"]
    without = {name: value for name, value in os.environ.items() if name != "MODELS"}
    run = subprocess.run([*command, "config"], env=without, capture_output=True, text=True)
    assert run.returncode != 0 and "the folder of exported models" in run.stderr


def test_kubernetes():
    documents = kubernetes()
    deployment = documents["Deployment"]
    pod = deployment["spec"]["template"]
    server = container()
    assert server["image"] == IMAGE
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server[probe]["httpGet"]["path"].startswith("/v1/models/hinet")
        assert server[probe]["httpGet"]["port"] == "rest"
    assert server["resources"]["limits"].keys() == {"cpu", "memory"}
    mounts = {mount["name"]: mount for mount in server["volumeMounts"]}
    assert mounts["models"]["readOnly"] and server["securityContext"]["readOnlyRootFilesystem"]
    assert mounts.keys() == {volume["name"] for volume in pod["spec"]["volumes"]}
    labels = pod["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert documents["Service"]["spec"]["selector"] == labels
    target = documents["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert flags(server["args"])["port"] == "8500"


def test_the_dashboard_asks_for_metrics_that_the_server_has():
    dashboard = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
    # Names as the server's own reports in its issues 1959 and 462 show them.
    known = {
        ":tensorflow:serving:request_count",
        ":tensorflow:serving:request_latency",
        ":tensorflow:serving:runtime_latency",
        ":tensorflow:serving:batching_session:queuing_latency",
        ":tensorflow:core:graph_runs",
    }
    asked = set()
    for panel in dashboard["panels"]:
        assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            asked |= set(re.findall(r":tensorflow[\w:]+", target["expr"]))
    assert {re.sub("_(bucket|sum|count)$", "", n) if "latency" in n else n for n in asked} == known
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
