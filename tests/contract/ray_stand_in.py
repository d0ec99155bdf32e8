"""A small HTTP server that answers as the Jobs API of Ray 2.60 does, and carries the jobs out as processes of its own.

Paths, fields, statuses and sentences are those that a real cluster gave.
"""

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil

TOKEN = "0123456789abcdef0123456789abcdef"
WAITS = (
    "Job has not started yet. It may be waiting for resources (CPUs, GPUs, memory, custom resources) to become "
    "available. It may be waiting for the runtime environment to be set up."
)
NODE_DIED = (
    "Job supervisor actor died: The actor died unexpectedly before finishing this task.\n"
    "\tclass_name: JobSupervisor\n\tactor_id: 6dd2626749c27bec5dc9ce7e01000000\n\tpid: 588\n"
    "\tname: _ray_internal_job_actor_n1\n\tnamespace: SUPERVISOR_ACTOR_RAY_NAMESPACE\n\tip: 127.0.0.1\n"
    "The actor died because its node has died. Node Id: 9bc7a35aa65069b13845a772e21ff5f53777c37b1f4d1198ea4f4f90\n"
    "\tthe actor's node was terminated unexpectedly: health check failed due to missing too many heartbeats"
)
GAVE_UP = (
    "Job supervisor actor failed to start within 900.0 seconds. This timeout can be configured by setting the "
    "environment variable RAY_JOB_START_TIMEOUT_SECONDS."
)
NODES = (("head", {"CPU": 2.0, "GPU": 2.0, "node:InternalHead": 1.0}), ("box2", {"CPU": 1.0, "GPU": 1.0, "box2": 1.0}))


class StandInJob:
    def __init__(self, body):
        self.entrypoint = body["entrypoint"]
        self.env = (body.get("runtime_env") or {}).get("env_vars") or {}
        self.asked = {
            "CPU": body.get("entrypoint_num_cpus") or 0,
            "GPU": body.get("entrypoint_num_gpus") or 0,
            **(body.get("entrypoint_resources") or {}),
        }
        self.status, self.message, self.code, self.error = "PENDING", WAITS, None, None
        self.process, self.log, self.stopped = None, "", False


class RayStandIn:
    """A cluster that a test may stop, hold back, and spoil."""

    def __init__(self, folder, token=TOKEN):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.token = token
        self.nodes = list(NODES)
        self.held = False
        self.jobs = {}
        self.requests = []
        # Path and (status, body) of answers that are given in place of the right ones.
        self.instead = {}
        self.port = 0
        self._server = None
        self._lock = threading.RLock()
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                cluster._answer(self, "GET")

            def do_POST(self):
                cluster._answer(self, "POST")

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Stop answering; the jobs go on."""
        self._server.shutdown()
        self._server.server_close()

    def close(self):
        self.stop()
        for job in self.jobs.values():
            if job.process is not None and job.process.poll() is None:
                # One that ends by itself meanwhile is none to kill.
                with suppress(psutil.NoSuchProcess):
                    for process in psutil.Process(job.process.pid).children(recursive=True):
                        with suppress(psutil.NoSuchProcess):
                            process.kill()
                job.process.kill()
                job.process.wait()

    def forget(self):
        """Forget every job, as a head that is started anew."""
        self.jobs = {}

    def lose(self, name):
        """Lose the machine of a job: what Ray started there is killed, and what that started lives on."""
        with self._lock:
            job = self.jobs[name]
            job.status, job.message, job.error = "FAILED", NODE_DIED, "JOB_SUPERVISOR_ACTOR_DIED"
        job.process.kill()

    def give_up(self, name):
        """Wait no longer for a job to begin."""
        job = self.jobs[name]
        job.status, job.message, job.error = "FAILED", GAVE_UP, "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"

    def release(self):
        """Start what waits, where there is room."""
        self.held = False
        self._schedule()

    def _schedule(self):
        with self._lock:
            used = [job.asked for job in self.jobs.values() if job.process is not None and job.process.poll() is None]
            for name, job in self.jobs.items():
                if job.status != "PENDING" or self.held:
                    continue
                total = {key: sum(own.get(key, 0) for _, own in self.nodes) for key in job.asked}
                free = {key: amount - sum(one.get(key, 0) for one in used) for key, amount in total.items()}
                fits = any(all(own.get(key, 0) >= amount for key, amount in job.asked.items()) for _, own in self.nodes)
                if fits and all(free[key] >= amount for key, amount in job.asked.items()):
                    self._run(name, job)
                    used.append(job.asked)

    def _run(self, name, job):
        log = self.folder / f"job-driver-{name}.log"
        file = log.open("ab")
        file.write(f"Running entrypoint for job {name}: {job.entrypoint}\n".encode())
        file.flush()
        # On the cluster's own machines its token stands in one variable, wherever the asking program has it.
        known = {key: value for key, value in os.environ.items() if value != self.token}
        environment = {**known, **job.env, "RAY_AUTH_TOKEN": self.token or "", "PYTHONUNBUFFERED": "1"}
        job.process = subprocess.Popen(
            job.entrypoint, shell=True, start_new_session=True, stdout=file, stderr=file, env=environment
        )
        file.close()
        job.status, job.message = "RUNNING", "Job is currently running."
        threading.Thread(target=self._wait, args=(name, job, log), daemon=True).start()

    def _wait(self, name, job, log):
        code = job.process.wait()
        with self._lock:
            if job.status == "RUNNING" and job.stopped:
                job.status, job.message = "STOPPED", "Job was intentionally stopped."
            elif job.status == "RUNNING" and code == 0:
                job.status, job.message, job.code = "SUCCEEDED", "Job finished successfully.", 0
            elif job.status == "RUNNING":
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
                job.status, job.code, job.error = "FAILED", code, "JOB_ENTRYPOINT_COMMAND_ERROR"
                job.message = (
                    f"Job entrypoint command failed with exit code {code}, last available logs (truncated to 20,000 "
                    f"chars):\n{tail}"
                )
        self._schedule()

    def _stop_job(self, job):
        if job.process is None:
            return
        job.stopped = True
        tree = [psutil.Process(job.process.pid), *psutil.Process(job.process.pid).children(recursive=True)]
        for process in tree:
            try:
                process.send_signal(signal.SIGTERM)
            except psutil.NoSuchProcess:
                continue
        wait_s = int(job.env.get("RAY_JOB_STOP_WAIT_TIME_S", 3))

        def end():
            for process in psutil.wait_procs(tree, timeout=wait_s)[1]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

        threading.Thread(target=end, daemon=True).start()

    def _answer(self, request, method):
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length)) if length else None
        token = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.requests.append((method, request.path, token, body))
        if request.path in self.instead:
            status, told = self.instead[request.path]
        elif self.token and not token:
            status, told = 401, "Unauthorized: Missing authentication token"
        elif self.token and token != self.token:
            status, told = 403, "Forbidden: Invalid authentication token"
        else:
            status, told = self._told(method, request.path, body)
        data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        request.send_response(status)
        kind = "text/plain" if isinstance(told, str) else "application/json"
        request.send_header("Content-Type", f"{kind}; charset=utf-8")
        request.send_header("Content-Length", str(len(data)))
        if 300 <= status < 400:
            request.send_header("Location", "http://127.0.0.1:9/elsewhere")
        request.end_headers()
        request.wfile.write(data)

    def _told(self, method, path, body):
        if (method, path) == ("GET", "/api/version"):
            return 200, {"version": "4", "ray_version": "2.60.0", "ray_commit": "b7f4", "session_name": "session"}
        if (method, path) == ("GET", "/nodes?view=summary"):
            return 200, {"result": True, "msg": "Node summary fetched.", "data": {"summary": self._summary()}}
        if (method, path) == ("POST", "/api/jobs/"):
            return self._submitted(body)
        name, _, what = path.removeprefix("/api/jobs/").partition("/")
        if not path.startswith("/api/jobs/"):
            return 404, "404: Not Found"
        with self._lock:
            job = self.jobs.get(name)
        if job is None:
            return 404, f"Job {name} does not exist"
        if (method, what) == ("POST", "stop"):
            self._stop_job(job)
            return 200, {"stopped": True}
        if (method, what) == ("GET", "logs"):
            log = self.folder / f"job-driver-{name}.log"
            return 200, {"logs": log.read_text() if log.exists() else ""}
        return 200, {
            "type": "SUBMISSION",
            "job_id": None,
            "submission_id": name,
            "status": job.status,
            "entrypoint": job.entrypoint,
            "message": job.message,
            "error_type": job.error,
            "start_time": int(time.time() * 1000),
            "runtime_env": {"env_vars": job.env},
            "driver_exit_code": job.code,
        }

    def _submitted(self, body):
        name = body["submission_id"]
        with self._lock:
            if name in self.jobs:
                return 500, (
                    "Traceback (most recent call last):\nRuntimeError: Request failed with status code 400: Traceback "
                    f"(most recent call last):\nValueError: Job with submission_id {name} already exists. Please use a "
                    "different submission_id.\n.\n"
                )
            self.jobs[name] = StandInJob(body)
        self._schedule()
        return 200, {"job_id": name, "submission_id": name}

    def _summary(self):
        more = {"memory": 22825586432.0, "objectStoreMemory": 100000000.0, "node:127.0.0.1": 1.0}
        alive = [
            {"hostname": name, "ip": "127.0.0.1", "raylet": {"state": "ALIVE", "resourcesTotal": {**own, **more}}}
            for name, own in self.nodes
        ]
        return [*alive, {"hostname": "gone", "raylet": {"state": "DEAD", "resourcesTotal": {"GPU": 8.0}}}]
