#!/usr/bin/env bash
# A channel whose first message meets a quorum queue without a leader is refused from then on, also once the queue has a leader.
#
# Whoever publishes with confirms may open a channel in the seconds in which a quorum queue elects its leader; the first message
# is then answered basic.nack. One would guess that to publish again is enough, as soon as there is a leader. It is not: the same
# channel is answered nack for every later message, while a new channel of the same connection is confirmed at once. Nothing else
# tells: the channel stays open, no exception, no basic.return, and the queue is `running` with a leader. A publisher that keeps
# its channel, as it should, and only repeats what was refused, repeats for as long as the node is away that led the queue before:
# hours, or for ever if that machine is lost. The reason, read in rabbit_fifo_client of this version: before the first message the
# channel asks the node which is on record as the leader's for the version of its queues, refuses the message if that node is
# down, and keeps both the node and "not yet asked" for the next message. So give up the channel after a nack, and publish again
# on a new one: what was refused in this way was not stored anywhere.
#
# Seen on 30 November 2026 with RabbitMQ 3.10.8 (rabbitmq-server 3.10.8-1.1+deb12u1 of Debian 12) and pika 1.4.4, a queue of three
# members, of which the leader's node and another are killed:
#   the queue                          published on                       answers
#   has no leader                      a channel, its first message       nack
#   has one, one of two nodes is back  the same channel, five times       nack nack nack nack nack
#   as above                           a new one of the same connection   ack
#   as above                           the first channel                  nack
#   the node that led is back, too     the first channel                  ack
#
# Needs Debian's rabbitmq-server installed (it need not run). Ends with 0 if it is as above, 1 if not, anything else if the nodes
# could not be had.
set -euo pipefail
dpkg-query --show rabbitmq-server || { echo "first: apt-get install rabbitmq-server" >&2; exit 2; }
dir=$(mktemp -d)
# What the program below started it ends itself, unless it was killed.
end() {
  local group
  for group in "$dir"/*/group; do
    [ ! -f "$group" ] || kill -KILL -- "-$(cat "$group")" 2>/dev/null || true
  done
  rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir"; }
}
trap end EXIT
cd "$dir"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pika==1.4.4

cat >ask.py <<'PY'
import contextlib, os, random, secrets, signal, socket, subprocess, sys, time
import pika

# The programs themselves: those on the path change the user and the directory.
programs, here, queue = "/usr/lib/rabbitmq/bin", os.getcwd(), "leads"
started, taken, began = [], set(), time.time()


class Late(Exception):
    pass


def raise_late(*_):
    raise Late


@contextlib.contextmanager
def within(seconds):
    """Pika waits for a confirm without an end, and runs none of its own timers meanwhile."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def tell(what):
    print(f"{time.time() - began:5.1f} s  {what}", file=sys.stderr, flush=True)


def give_up(why):
    for process in started:
        with open(f"{process.folder}/output") as output:
            print(f"-- {process.folder}\n{output.read()[-2000:]}", file=sys.stderr)
    print(why, file=sys.stderr, flush=True)
    sys.exit(2)


def wait(what, test, seconds):
    end = time.time() + seconds
    while time.time() < end:
        if found := test():
            return found
        time.sleep(0.2)
    give_up(f"waited in vain for {seconds} s: {what}")


def free_port():
    """Below those that the kernel gives to connections: a node comes back to its own."""
    while True:
        port = random.randrange(12000, 20000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            if port not in taken:
                taken.add(port)
                return port


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True


class Process:
    """With all that it starts, in a group of its own."""

    def __init__(self, folder, command, env):
        self.folder, self.command, self.env, self.process = folder, command, env, None
        os.makedirs(folder)

    def start(self):
        with open(f"{self.folder}/output", "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        started.append(self)
        with open(f"{self.folder}/group", "w") as out:
            out.write(str(self.process.pid))

    def kill(self):
        """Kill -9."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def gone(self):
        self.process.wait()
        started.remove(self)
        os.remove(f"{self.folder}/group")


class Node(Process):
    def __init__(self, name, epmd_port):
        self.name, self.port = f"{name}@localhost", free_port()
        folder = f"{here}/{name}"
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}
        super().__init__(folder, [f"{programs}/rabbitmq-server"], ours | {
            "HOME": f"{here}/home", "ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name, "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data", "RABBITMQ_LOG_BASE": f"{folder}/log", "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/env.conf", "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        })
        os.makedirs(f"{folder}/data")
        os.makedirs(f"{folder}/log")
        conf = f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = false\ndisk_free_limit.absolute = 50MB\n"
        for file, text in {"rabbitmq.conf": conf, "plugins": "[].\n", "env.conf": ""}.items():
            with open(f"{folder}/{file}", "w") as out:
                out.write(text)

    def ctl(self, *words):
        """What rabbitmqctl prints; None if it fails."""
        try:
            done = subprocess.run([f"{programs}/rabbitmqctl", "-q", *words], env=self.env, cwd=self.folder, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=45)
        except subprocess.TimeoutExpired:
            return None
        with open(f"{self.folder}/output", "a") as log:
            log.write(f"{words}: {done.returncode} {done.stdout} {done.stderr}\n")
        return None if done.returncode else done.stdout

    def up(self):
        wait(f"{self.name} listens", lambda: self.process.poll() is not None or listens(self.port), 75)
        if self.process.poll() is not None:
            give_up(f"{self.name} ended")
        wait(f"{self.name} has started", lambda: self.ctl("await_startup", "--timeout", "10") is not None, 30)

    def row(self):
        """Leader, online members and state of the queue; three times nothing where it is not listed, as without a leader."""
        listed = self.ctl("list_queues", "name", "leader", "online", "state")
        if listed is None:
            return None
        rows = [line.split("\t") for line in listed.splitlines()]
        return next((row[1:] for row in rows if len(row) == 4 and row[0] == queue), ["", "", ""])

    def connect(self):
        """Without heartbeats: nobody reads them while the nodes start."""
        with within(20):
            return pika.BlockingConnection(pika.ConnectionParameters(
                "127.0.0.1", self.port, heartbeat=0, socket_timeout=10, stack_timeout=15, blocked_connection_timeout=15))


def led(by, online):
    """Waits until the queue has a leader, and these are online, as seen from the first of them."""
    leaders, names = [node.name for node in by], [node.name for node in online]

    def test():
        row = online[0].row()
        if row and row[0] in leaders and all(name in row[1] for name in names) and row[2] == "running":
            return row

    row = wait("the queue has a leader", test, 40)
    tell(f"leader {row[0]}, online {row[1]}, {row[2]}")
    return row[0]


def channel_of(connection):
    with within(10):
        channel = connection.channel()
        channel.confirm_delivery()
        return channel


def answer(channel, seconds=8):
    """To one message. A nack is an exception in pika, but leaves the channel open."""
    try:
        with within(seconds):
            channel.basic_publish("", queue, b"hello", mandatory=True)
        return "ack"
    except pika.exceptions.NackError:
        return "nack" if channel.is_open else "nack and the channel is closed"
    except pika.exceptions.UnroutableError:
        return "returned"
    except Late:
        return f"nothing within {seconds} s"
    except pika.exceptions.AMQPError as error:
        return f"{type(error).__name__} {error}"


def ask(what, channel, times=1, seconds=8):
    """Ends here if there was neither ack nor nack: what comes late would be taken for the answer to the next message."""
    answers = []
    while len(answers) < times and not set(answers) - {"ack", "nack"}:
        answers.append(answer(channel, seconds))
    print(f"{what}:", *answers, flush=True)
    if set(answers) - {"ack", "nack"}:
        sys.exit(0)


def main():
    os.makedirs("home")
    # Before the first node would make one of its own.
    with open(os.open("home/.erlang.cookie", os.O_CREAT | os.O_WRONLY, 0o400), "w") as out:
        out.write(secrets.token_hex(20))
    epmd_port = free_port()
    Process(f"{here}/epmd", ["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"], dict(os.environ)).start()
    wait("epmd listens", lambda: listens(epmd_port), 10)

    nodes = [Node(name, epmd_port) for name in ("n1", "n2", "n3")]
    for node in nodes:
        node.start()
    for node in nodes:
        node.up()
    tell("three nodes are up")
    for node in nodes[1:]:
        for words in (["stop_app"], ["join_cluster", nodes[0].name], ["start_app"]):
            if node.ctl(*words) is None:
                give_up(f"{node.name} does not join: {words}")
    tell("and are one cluster")

    connection = nodes[0].connect()
    with within(20):
        connection.channel().queue_declare(
            queue, durable=True, arguments={"x-queue-type": "quorum", "x-quorum-initial-group-size": 3})
        connection.close()
    leader = led(nodes, nodes)
    led_before = next(node for node in nodes if node.name == leader)
    other, stays = (node for node in nodes if node is not led_before)

    connection = stays.connect()
    # In this order nobody is elected in between: the last of three has no majority.
    for node in (other, led_before):
        node.kill()
    for node in (other, led_before):
        node.gone()
    tell(f"killed: {other.name} and the leader's, {led_before.name}")
    wait("the queue has no leader", lambda: (row := stays.row()) is not None and not row[0].strip("\"'"), 30)
    tell("no leader")
    first = channel_of(connection)
    ask("no leader, first message of a channel", first, seconds=30)

    other.start()
    other.up()
    led((stays, other), (stays, other))
    ask("a leader again, the same channel", first, times=5)
    ask("a leader again, a new channel of the connection", channel_of(connection))
    ask("a leader again, the first channel", first)

    led_before.start()
    led_before.up()
    led(nodes, (stays, other, led_before))
    ask("the node that led is back, the first channel", first)


signal.signal(signal.SIGALRM, raise_late)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    main()
except Late:
    give_up("the broker did not answer in time")
except pika.exceptions.AMQPError as error:
    give_up(f"the broker did not do as asked: {error!r}")
finally:
    # Epmd was the first to start: the last to end.
    for process in reversed(list(started)):
        process.kill()
        process.gone()
PY
timeout --foreground --kill-after=5 170 env/bin/python ask.py | tee seen
diff - seen <<'EXPECTED' || { echo "it is otherwise now" >&2; exit 1; }
no leader, first message of a channel: nack
a leader again, the same channel: nack nack nack nack nack
a leader again, a new channel of the connection: ack
a leader again, the first channel: nack
the node that led is back, the first channel: ack
EXPECTED
echo "as it was"
