"""A stand-in for the Hugging Face Hub: enough of its HTTP interface for the unmodified clients, in memory.

Repositories have commits, branches, tags and pull requests as references; large files go by Git LFS. It answers
errors as the Hub does, by status and the headers X-Error-Code and X-Error-Message.
"""

import base64
import email.utils
import hashlib
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml
from hub.stand_in_repositories import LARGE, File, Refusal, Repository

# Tokens, of a user who may write and of one who may not.
WRITER, READER = "hf_writer", "hf_reader"
MADE_AT = "2026-01-01T00:00:00.000Z"


class StandIn:
    """The server, on a port of its own; use it in a `with` block.

    A test sets `breaks` and `refuses_card` to have the Hub fail.

    Attributes:
        repositories: dict of `Repository` by (type, id), such as ("datasets", "user/name").
        requests: list of (method, path), as they came.
        lfs: dict of the large files that were uploaded, bytes by SHA-256.
        breaks: function (method, path) -> bool, whether a connection is closed in the midst of a request.
        refuses_card: function (front matter of a card) -> str or None, why it is refused.
        users: (user, whether the token may write) by token; it may write to `user/...` and `team/...`.
    """

    def __init__(self):
        self.repositories, self.requests, self.lfs = {}, [], {}
        self.breaks = lambda method, path: False
        self.refuses_card = lambda facts: None
        self.users = {WRITER: ("user", True), READER: ("user", False)}
        self.lock = threading.RLock()
        handler = type("Handler", (Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def dataset(self, name):
        """Return the `Repository` of a dataset."""
        return self.repositories["datasets", name]

    def hold(self, name, folder, **about):
        """Have a dataset with the files of a folder on this disk and return its `Repository`."""
        made = self.repositories["datasets", name] = Repository(**about)
        made.take(folder)
        return made


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection: `ROUTES` has the method of each path."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do(self):
        url = urllib.parse.urlsplit(self.path)
        path, self.query = urllib.parse.unquote(url.path), urllib.parse.parse_qs(url.query)
        self.hub.requests.append((self.command, path))
        if self.hub.breaks(self.command, path):
            self.rfile.read(min(1000, int(self.headers.get("Content-Length") or 0)))
            self.close_connection = True
            self.connection.close()
            return
        self.body = self._read()
        try:
            with self.hub.lock:
                answer = self._answered(path)
        except Refusal as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message}
            return self._say(
                refusal.status, json.dumps({"error": refusal.message, **refusal.more}).encode(), headers
            )
        if isinstance(answer, tuple):
            return self._say(*answer)
        self._say(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do

    def _read(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _answered(self, path):
        for method, pattern, answer in ROUTES:
            if method == self.command.replace("HEAD", "GET") and (found := re.fullmatch(pattern, path)):
                return answer(self, **found.groupdict())
        raise Refusal(404, "", f"No such page: {self.command} {path}")

    # Who asks, and of which repository.

    def _user(self):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token not in self.hub.users:
            raise Refusal(401, "", "Invalid credentials in Authorization header")
        return self.hub.users.get(token)

    def _repository(self, type, id, writes=False):
        user, repository = self._user(), self.hub.repositories.get((type, id))
        mine = user is not None and id.split("/")[0] in (user[0], "team")
        if repository is None or (repository.private and not mine):
            # The Hub does not say which names there are.
            raise Refusal(404 if user else 401, "RepoNotFound", "Repository not found")
        if writes and not (mine and user[1]):
            raise Refusal(403, "", "You don't have the rights to write to this repository")
        return repository

    def _json(self):
        return json.loads(self.body)

    def who(self):
        if not (user := self._user()):
            raise Refusal(401, "", "Invalid username or password.")
        return {"name": user[0], "type": "user", "orgs": []}

    def create(self):
        asked, user = self._json(), self._user()
        owner = asked.get("organization") or (user and user[0])
        type, id = f"{asked.get('type', 'model')}s", f"{owner}/{asked['name']}"
        if user is None:
            raise Refusal(401, "", "Invalid username or password.")
        if not user[1] or owner not in (user[0], "team"):
            raise Refusal(
                403, "", f'You don\'t have the rights to create a {type[:-1]} under the namespace "{owner}"'
            )
        page = f"{self.hub.address}/{type}/{id}"
        if (type, id) in self.hub.repositories:
            raise Refusal(409, "", "You already created this repo", url=page)
        self.hub.repositories[type, id] = Repository(private=asked.get("visibility") == "private")
        return {"url": page, "name": id, "id": "1"}

    def validate(self):
        front = re.match(r"---\n(.*?)\n---\n", self._json()["content"], re.DOTALL)
        try:
            facts = yaml.safe_load(front[1]) if front else {}
        except yaml.YAMLError as error:
            raise Refusal(400, "", f"Invalid metadata in README.md: {error}") from None
        license = str(facts.get("license", ""))
        if not re.fullmatch(r"[a-z0-9.-]*", license):
            raise Refusal(400, "", '"license" must be one of [apache-2.0, mit, cc-by-4.0, other, ...]')
        if (license == "other") != ("license_name" in facts):
            raise Refusal(400, "", '"license_name" is to be given if "license" is "other", and only then')
        if message := self.hub.refuses_card(facts):
            raise Refusal(400, "", message)
        return {"errors": [], "warnings": []}

    # Reading.

    def info(self, type, id, revision="main"):
        repository = self._repository(type, id)
        commit = repository.at(revision)
        return {
            "_id": "1", "id": id, "sha": commit, "private": repository.private, "gated": repository.gated,
            "disabled": False, "tags": [], "downloads": 0, "likes": 0, "lastModified": MADE_AT, "createdAt": MADE_AT,
            "siblings": [{"rfilename": path} for path in sorted(repository.commits[commit])],
        }  # fmt: skip

    def refs(self, type, id):
        repository = self._repository(type, id)

        def listed(prefix, names):
            return [{"name": n, "ref": prefix + n, "targetCommit": c} for n, c in sorted(names.items())]

        return {
            "branches": listed("refs/heads/", repository.branches),
            "tags": listed("refs/tags/", repository.tags),
            "pullRequests": listed("", repository.pull_requests),
            "converts": [],
        }

    def tree(self, type, id, revision, folder):
        deep = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        return self._repository(type, id).listed(revision, (folder or "").strip("/"), deep)

    def paths(self, type, id, revision):
        repository = self._repository(type, id)
        if "json" in (self.headers.get("Content-Type") or ""):
            asked = self._json()["paths"]
        else:
            asked = urllib.parse.parse_qs(self.body.decode())["paths"]
        return repository.described(revision, [path.strip("/") for path in asked])

    def resolve(self, id, revision, path, type="models"):
        repository = self._repository(type, id)
        if repository.gated and not self._user():
            raise Refusal(401, "GatedRepo", "Access to this repository is restricted")
        commit = repository.at(revision)
        file = repository.commits[commit].get(path)
        if file is None:
            raise Refusal(404, "EntryNotFound", f"{path} does not exist on {revision}")
        headers = {
            "ETag": f'"{file.sha256 if file.lfs else file.oid}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes",
            "Last-Modified": email.utils.formatdate(0, usegmt=True), "Content-Type": "application/octet-stream",
        }  # fmt: skip
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
        if not asked:
            return 200, file.content, headers
        whole = len(file.content)
        start = int(asked[1]) if asked[1] else whole - int(asked[2])
        end = min(int(asked[2]) + 1 if asked[1] and asked[2] else whole, whole)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{whole}"
        return 206, file.content[start:end], headers

    # Writing.

    def branch(self, type, id, name):
        repository = self._repository(type, id, writes=True)
        if name in repository.branches:
            raise Refusal(409, "", "Reference already exists")
        start = json.loads(self.body or b"{}").get("startingPoint", "main")
        repository.branches[name] = repository.at(start)
        return {}

    def tag(self, type, id, revision):
        repository, tag = self._repository(type, id, writes=True), self._json()["tag"]
        if tag in repository.tags:
            raise Refusal(409, "", "Tag reference exists already")
        repository.tags[tag] = repository.at(revision)
        return {}

    def untag(self, type, id, revision):
        repository = self._repository(type, id, writes=True)
        if repository.tags.pop(revision, None) is None:
            raise Refusal(404, "RevisionNotFound", "Tag not found")
        return {}

    def preupload(self, type, id, revision):
        repository = self._repository(type, id, writes="create_pr" not in self.query)
        files = repository.commits[repository.at(revision)]
        modes = []
        for one in self._json()["files"]:
            path, old = one["path"], files.get(one["path"])
            lfs = path.endswith(LARGE)
            modes.append({
                "path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False,
                "oid": old and (old.sha256 if old.lfs else old.oid),
            })  # fmt: skip
        return {"files": modes}

    def batch(self, id, type):
        self._repository(type or "models", id)
        return {"transfer": "basic", "objects": [self._wanted(one) for one in self._json()["objects"]]}

    def _wanted(self, one):
        if one["oid"] in self.hub.lfs:
            return one
        return {**one, "actions": {"upload": {"href": f"{self.hub.address}/lfs/{one['oid']}"}}}

    def put(self, oid):
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refusal(400, "", "The content has another checksum")
        self.hub.lfs[oid] = self.body
        return 200, b"", {"ETag": f'"{oid}"'}

    def commit(self, type, id, revision):
        proposes = "create_pr" in self.query
        repository = self._repository(type, id, writes=not proposes)
        head = repository.at(revision)
        files, lines = dict(repository.commits[head]), [json.loads(line) for line in self.body.splitlines()]
        for key, value in ((line["key"], line["value"]) for line in lines):
            path = value.get("path")
            if key == "header" and value.get("parentCommit", head) != head:
                raise Refusal(412, "", "A commit has happened since. Please refresh and try again.")
            if key == "file":
                files[path] = File(base64.b64decode(value["content"]), False)
            elif key == "lfsFile":
                if value["oid"] not in self.hub.lfs:
                    raise Refusal(400, "", f"{path} was not uploaded")
                files[path] = File(self.hub.lfs[value["oid"]], True)
            elif key == "deletedFile" and files.pop(path, None) is None:
                raise Refusal(404, "EntryNotFound", "A file with this name doesn't exist")
        made, page = repository.add(files, head), f"{self.hub.address}/{type}/{id}"
        answer = {"success": True, "commitOid": made, "commitUrl": f"{page}/commit/{made}"}
        if proposes:
            number = len(repository.pull_requests) + 1
            repository.pull_requests[f"refs/pr/{number}"] = made
            answer["pullRequestUrl"] = f"{page}/discussions/{number}"
        elif revision in repository.pull_requests:
            repository.pull_requests[revision] = made
        else:
            repository.branches[revision] = made
        return answer


# fmt: off
NAME = r"(?P<id>[^/]+/[^/]+)"
ID = rf"(?P<type>models|datasets)/{NAME}"
REV = r"(?P<revision>refs/pr/\d+|[^/]+)"
# (method, path, who answers); the groups of a path are the arguments.
ROUTES = [
    ("GET", "/api/whoami-v2", Handler.who),
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.validate),
    ("GET", f"/api/{ID}", Handler.info),
    ("GET", f"/api/{ID}/revision/(?P<revision>.+)", Handler.info),
    ("GET", f"/api/{ID}/refs", Handler.refs),
    ("GET", f"/api/{ID}/tree/{REV}(?P<folder>/.*)?", Handler.tree),
    ("POST", f"/api/{ID}/paths-info/(?P<revision>.+)", Handler.paths),
    ("POST", f"/api/{ID}/branch/(?P<name>.+)", Handler.branch),
    ("POST", f"/api/{ID}/tag/(?P<revision>.+)", Handler.tag),
    ("DELETE", f"/api/{ID}/tag/(?P<revision>.+)", Handler.untag),
    ("POST", f"/api/{ID}/preupload/(?P<revision>.+)", Handler.preupload),
    ("POST", f"/api/{ID}/commit/(?P<revision>.+)", Handler.commit),
    ("POST", f"/(?:(?P<type>datasets)/)?{NAME}\\.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", Handler.put),
    ("GET", f"/(?P<type>datasets)/{NAME}/resolve/{REV}/(?P<path>.+)", Handler.resolve),
    ("GET", f"/{NAME}/resolve/{REV}/(?P<path>.+)", Handler.resolve),
]
