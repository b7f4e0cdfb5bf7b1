"""WordPress, as Debian ships it, on MariaDB: once on PHP's own server over http, once behind Apache over https.

with WordPress(authority()) as news:
    ... news.settings("apache"), news.password, news.public() ...

Both fronts are the same site. Apache gives a slow client as long as Debian's own settings say.
"""

import secrets
import shutil
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from json import dumps, loads
from pathlib import Path
from typing import Any, Literal, Self

from support.certificates import Authority
from support.real_servers import PLAIN, folder, free_ports, running, tool, wait_until

Front = Literal["php", "apache"]
WAITING = Path("/etc/apache2/mods-available/reqtimeout.conf")
"""How long Debian lets a client take over its request."""

CONFIG = """\
<?php
define('DB_NAME', 'news'); define('DB_USER', 'news'); define('DB_PASSWORD', 'news');
define('DB_HOST', 'localhost:{root}/database.sock'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY',
          'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) define($name, '{salt}'.$name);
$table_prefix = 'wp_';
$address = (empty($_SERVER['HTTPS']) ? 'http://' : 'https://').($_SERVER['HTTP_HOST'] ?? '127.0.0.1');
define('WP_HOME', $address); define('WP_SITEURL', $address);
// Without https, application passwords are for a developer's own site only.
if (empty($_SERVER['HTTPS'])) define('WP_ENVIRONMENT_TYPE', 'local');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('DISABLE_WP_CRON', true);
if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');
require_once ABSPATH.'wp-settings.php';
"""

# Prints the application passwords of both users.
INSTALL = """\
<?php
define('WP_INSTALLING', true);
$_SERVER += ['HTTP_HOST' => '127.0.0.1', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
function wp_mail(...$anything) {{ return true; }}
require '{root}/site/wp-load.php';
require_once ABSPATH.'wp-admin/includes/upgrade.php';
wp_install('News', '{admin}', 'admin@example.org', true, '', bin2hex(random_bytes(20)));
update_option('permalink_structure', '/%year%/%postname%/');
wp_insert_user(['user_login' => '{user}', 'user_pass' => bin2hex(random_bytes(20)),
                'user_email' => 'news@example.org', 'role' => 'author']);
foreach (['{admin}', '{user}'] as $login) {{
    $user = get_user_by('login', $login);
    [$password, $item] = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => 'test']);
    echo $password, "\\n";
}}
"""

APACHE = """\
ServerRoot /usr/lib/apache2
PidFile {root}/apache.pid
DefaultRuntimeDir {root}
ErrorLog {root}/apache.log
Mutex file:{root}
Listen 127.0.0.1:{port}
ServerName localhost
User www-data
Group www-data
LoadModule mpm_prefork_module modules/mod_mpm_prefork.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule dir_module modules/mod_dir.so
LoadModule mime_module modules/mod_mime.so
LoadModule rewrite_module modules/mod_rewrite.so
LoadModule setenvif_module modules/mod_setenvif.so
LoadModule socache_shmcb_module modules/mod_socache_shmcb.so
LoadModule ssl_module modules/mod_ssl.so
LoadModule reqtimeout_module modules/mod_reqtimeout.so
LoadModule php_module {php}
TypesConfig /etc/mime.types
StartServers 4
Include {waiting}
SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
DocumentRoot {root}/site
DirectoryIndex index.php
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
<Directory {root}/site>
  Require all granted
  RewriteEngine On
  RewriteCond %{{REQUEST_FILENAME}} !-f
  RewriteCond %{{REQUEST_FILENAME}} !-d
  RewriteRule . /index.php [L]
</Directory>
<VirtualHost 127.0.0.1:{port}>
  SSLEngine on
  SSLCertificateFile {root}/cert.pem
  SSLCertificateKeyFile {root}/key.pem
</VirtualHost>
"""


class WordPress:
    """Runs for as long as its `with` block lasts. The channel's user is an author, who may publish his own posts."""

    user = "news"

    def __init__(self, ca: Authority) -> None:
        self._ca, self._stack = ca, ExitStack()
        ports: list[int] = free_ports(2)
        self._ports: dict[Front, int] = {"php": ports[0], "apache": ports[1]}
        self.password = self._admin_password = ""

    def __enter__(self) -> Self:
        with self._stack:
            self._root = self._stack.enter_context(folder())
            self._stack.enter_context(self._database())
            self._install()
            self._stack.enter_context(self._php())
            self._stack.enter_context(self._apache())
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def url(self, front: Front) -> str:
        """The site's address."""
        return f"{'http' if front == 'php' else 'https'}://127.0.0.1:{self._ports[front]}"

    def settings(self, front: Front) -> dict[str, Any]:
        """The settings of a channel that publishes here; the password is in the variable WORDPRESS_PASSWORD."""
        return {
            "kind": "wordpress",
            "url": self.url(front),
            "user": self.user,
            "password": "env:WORDPRESS_PASSWORD",
            "ca_file": str(self._ca.ca_file),
        }

    def public(self, front: Front = "php") -> list[dict[str, Any]]:
        """Return the posts that the site shows to everybody, as its API gives them."""
        posts = loads(self.fetch(f"{self.url(front)}/wp-json/wp/v2/posts?per_page=100")[1])
        assert isinstance(posts, list)
        return posts

    def fetch(self, address: str) -> tuple[int, str]:
        """Fetch something as the public does; return the status and the text."""
        return self._fetch(urllib.request.Request(address))

    def empty(self) -> None:
        """Delete every post for good."""
        while posts := self.as_admin("GET", "posts?per_page=100&status=publish,draft,pending,future,private,trash"):
            for post in posts:
                self.as_admin("DELETE", f"posts/{post['id']}?force=true")

    def as_admin(self, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
        """Ask the site's API as its administrator; return what it says."""
        pair = b64encode(f"admin:{self._admin_password}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        body = dumps(said).encode() if said is not None else None
        address = f"{self.url('php')}/wp-json/wp/v2/{path}"
        status, text = self._fetch(urllib.request.Request(address, body, headers, method=method))
        assert status in {200, 201}, f"{method} {path}: {status} {text[:500]}"
        return loads(text)

    def _fetch(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, context=self._ca.client_context(), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    @contextmanager
    def _database(self) -> Iterator[None]:
        data, socket, log = self._root / "database", self._root / "database.sock", self._root / "database.log"
        # The socket must be made by the server's own user, in a folder that holds the site as well.
        self._root.chmod(0o1777)
        data.mkdir()
        shutil.chown(data, "mysql")
        tool(
            *("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={data}", "--skip-test-db"),
            "--auth-root-authentication-method=normal",
        )
        argv = [
            *("/usr/sbin/mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}", f"--socket={socket}"),
            *("--skip-networking", f"--pid-file={data}/pid", "--innodb-buffer-pool-size=64M"),
        ]
        with running(argv, log) as process:
            wait_until(lambda: socket.exists() or process.poll() is not None, "The database", log)
            grant = "CREATE USER news@localhost IDENTIFIED BY 'news'; GRANT ALL ON news.* TO news@localhost;"
            made = f"CREATE DATABASE news CHARACTER SET utf8mb4; {grant}"
            tool("mariadb", "--no-defaults", "-S", socket, "-uroot", "-e", made)
            yield

    def _install(self) -> None:
        site = self._root / "site"
        # Debian's package has links that lead out of it, some of them nowhere.
        shutil.copytree("/usr/share/wordpress", site, ignore_dangling_symlinks=True)
        (site / "wp-content" / "uploads").mkdir(exist_ok=True)
        (site / "wp-config.php").unlink(missing_ok=True)
        config = CONFIG.replace("{root}", str(self._root)).replace("{salt}", secrets.token_hex(20))
        (site / "wp-config.php").write_text(config)
        program = self._root / "install.php"
        program.write_text(INSTALL.format(root=self._root, admin="admin", user=self.user))
        said = tool("/usr/bin/php", "-d", "display_errors=stderr", program).split()
        self._admin_password, self.password = said

    @contextmanager
    def _php(self) -> Iterator[None]:
        log = self._root / "php.log"
        argv = ["/usr/bin/php", "-S", f"127.0.0.1:{self._ports['php']}"]
        with running(argv, log, cwd=self._root / "site", env=PLAIN | {"PHP_CLI_SERVER_WORKERS": "4"}):
            wait_until(lambda: self._up("php"), "The site on PHP's own server", log)
            yield

    @contextmanager
    def _apache(self) -> Iterator[None]:
        self._ca.write_certificate(self._root / "cert.pem", self._root / "key.pem")
        [php] = sorted(Path("/usr/lib/apache2/modules").glob("libphp*.so"))[-1:]
        config = self._root / "apache.conf"
        port = self._ports["apache"]
        config.write_text(APACHE.format(root=self._root, port=port, php=php, waiting=WAITING))
        with running(["/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"], self._root / "apache.out"):
            wait_until(lambda: self._up("apache"), "The site behind Apache", self._root / "apache.log")
            yield

    def _up(self, front: Front) -> bool:
        try:
            return self.fetch(f"{self.url(front)}/wp-json/")[0] == 200
        except OSError:
            return False
