"""The tools beside `runbook`: apprise, curl and Ansible, each as its own documentation has it used.

apprise and Ansible are installed into an environment of their own; curl comes from the machine.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from receiving import PASSWORD, USER
from scene import BODY, POST, SENDER, SUBJECT, Fixed, Scene, Session, Start, Tool

PACKAGES = ("apprise", "ansible")
_MAIL_MODULE = "ansible_collections/community/general/plugins/modules/mail.py"
_PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: E-mail
      community.general.mail: {mail}
      async: 3600
      poll: 0
      register: mail
    - name: Post
      ansible.builtin.uri: {post}
      async: 3600
      poll: 0
      register: post
    - name: Wait for both
      ansible.builtin.async_status: {{jid: "{{{{ item }}}}"}}
      loop: ["{{{{ mail.ansible_job_id }}}}", "{{{{ post.ansible_job_id }}}}"]
      register: job
      until: job.finished
      retries: 3600
      delay: 1
"""


class Missing(Exception):
    """A tool that was asked for is not there. The text says which, and what to do."""


def plain_environment(**more: str) -> dict[str, str]:
    """Return the environment without what would change a tool's ways, and with `more`."""
    prefixes = ("RUNBOOK_", "PYTHON", "ANSIBLE_", "APPRISE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "NO_COLOR": "1", "PYTHONUTF8": "1", **more}


@dataclass(frozen=True)
class Environment:
    """Where apprise and Ansible are."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def program(self, name: str) -> str:
        """Return the path of a command. Raises `Missing`."""
        path = self.folder / "bin" / name
        if not path.is_file():
            raise Missing(
                f"{name} was not installed into {self.folder}. Install it there, or name the tools with --only."
            )
        return str(path)

    def install(self, packages: tuple[str, ...]) -> None:
        """Make it if it is not there, and install what is missing. Raises `Missing` with what pip said."""
        if not self.python.is_file():
            subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
        missing = [name for name in packages if not self._version(name)]
        if not missing:
            return
        print(f"Installing {' and '.join(missing)} into {self.folder} …", file=sys.stderr)
        pip = [str(self.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *missing]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            names = " and ".join(missing)
            raise Missing(f"{names} could not be installed:\n{done.stderr[-2000:]}\nName other tools with --only.")

    def versions(self) -> dict[str, str]:
        """Return the version of each package that is there."""
        return {name: version for name in PACKAGES if (version := self._version(name))}

    def _version(self, name: str) -> str:
        code = f"from importlib.metadata import version; print(version({name!r}))"
        done = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip()


@dataclass(frozen=True)
class Apprise:
    """One command with two addresses, which it sends to at the same time.

    One message for all recipients: the first in `to`, the others in `bcc`. With all of them in `to` it would send as
    many messages, one after the other, and be later still.
    """

    program: str
    name: str = "apprise"

    def open(self, scene: Scene) -> Session:
        """Return the command."""
        first, *others = scene.recipients
        options = {"from": SENDER, "to": first, "verify": "no"}
        options |= {"mode": "starttls"} if scene.tls else {"mode": "insecure"}
        options |= {"bcc": ",".join(others)} if others else {}
        query = "&".join(f"{name}={quote(value, safe='@,')}" for name, value in options.items())
        mail = f"{'mailtos' if scene.tls else 'mailto'}://{USER}:{PASSWORD}@127.0.0.1:{scene.mail}?{query}"
        post = f"{scene.site.replace('http', 'json', 1)}/2/tweets?verify=no"
        home = plain_environment(HOME=str(scene.folder))
        return Fixed(Start((self.program, "-t", SUBJECT, "-b", BODY, mail, post), scene.folder, home))


@dataclass(frozen=True)
class Curl:
    """Two curls in the background of a shell, which waits for both."""

    program: str
    name: str = "curl"

    def open(self, scene: Scene) -> Session:
        """Write the message and both curls' options."""
        folder = scene.folder
        headers = f"From: {SENDER}\r\nTo: undisclosed-recipients:;\r\nSubject: {SUBJECT}\r\n\r\n"
        folder.joinpath("message.eml").write_bytes((headers + BODY.replace("\n", "\r\n")).encode())
        mail = [
            f'url = "smtp://127.0.0.1:{scene.mail}"',
            f'user = "{USER}:{PASSWORD}"',
            f'mail-from = "{SENDER}"',
            *(f'mail-rcpt = "{address}"' for address in scene.recipients),
            'upload-file = "message.eml"',
        ]
        post = [
            f'url = "{scene.site}/2/tweets"',
            'header = "Content-Type: application/json"',
            f"data = {json.dumps(json.dumps({'text': POST}))}",
        ]
        trust = [f'cacert = "{scene.authority}"'] if scene.tls else []
        for name, lines in (("mail", [*mail, *(["ssl-reqd"] if scene.tls else [])]), ("post", post)):
            text = "\n".join(["silent", "show-error", *trust, *lines, ""])
            folder.joinpath(f"{name}.conf").write_text(text, "utf-8")
        line = f"{self.program} -K mail.conf & {self.program} -K post.conf & wait"
        return Fixed(Start(("sh", "-c", line), folder, plain_environment(HOME=str(folder))))


@dataclass(frozen=True)
class Ansible:
    """A playbook whose two tasks run in the background (`poll: 0`), and one that waits for them."""

    program: str
    python: str
    name: str = "ansible"

    def open(self, scene: Scene) -> Session:
        """Write the playbook."""
        folder = scene.folder
        first, *others = scene.recipients
        mail: Mapping[str, object] = {
            "host": "127.0.0.1",
            "port": scene.mail,
            "secure": "starttls" if scene.tls else "never",
            "username": USER,
            "password": PASSWORD,
            "sender": SENDER,
            "to": [first],
            "bcc": others,
            "subject": SUBJECT,
            "body": BODY,
        }
        post: Mapping[str, object] = {
            "url": f"{scene.site}/2/tweets",
            "method": "POST",
            "body_format": "json",
            "body": {"text": POST},
            "status_code": 201,
            "validate_certs": False,
        }
        playbook = _PLAYBOOK.format(mail=json.dumps(mail), post=json.dumps(post))
        folder.joinpath("in-step.yaml").write_text(playbook, "utf-8")
        folder.joinpath("hosts").write_text(f"localhost ansible_python_interpreter={self.python}\n", "utf-8")
        home = plain_environment(
            HOME=str(folder),
            ANSIBLE_HOME=str(folder / "home"),
            ANSIBLE_ASYNC_DIR=str(folder / "jobs"),
            PATH=f"{Path(self.program).parent}{os.pathsep}{os.environ['PATH']}",
        )
        return Fixed(Start((self.program, "-i", "hosts", "in-step.yaml"), folder, home))


def peers(wanted: list[str], environment: Environment) -> list[Tool]:
    """Return the tools of that name, installed. Raises `Missing`, naming the first that is not there."""
    if packages := tuple(name for name in PACKAGES if name in wanted):
        environment.install(packages)
    return [_peer(name, environment) for name in wanted]


def _peer(name: str, environment: Environment) -> Tool:
    if name == "apprise":
        return Apprise(environment.program("apprise"))
    if name == "ansible":
        if not list(environment.folder.glob(f"lib/*/site-packages/{_MAIL_MODULE}")):
            raise Missing("The Ansible that was installed has no community.general.mail. Leave it out with --only.")
        return Ansible(environment.program("ansible-playbook"), str(environment.python))
    curl = shutil.which("curl")
    if curl is None:
        raise Missing("There is no curl on this computer. Install it, or name the tools with --only.")
    return Curl(curl)
