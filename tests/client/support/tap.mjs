// A tap on the line between client and server: forwards bytes untouched in both directions and reads along, so
// that a test can say what the client really sent and how it was answered. Forwarding bytes and not requests keeps
// everything that matters (keep-alive, encodings, framing) between the two that are being tested.
import net from 'node:net';
import zlib from 'node:zlib';

const DECODERS = {
  gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync,
};

/** Splits one direction of a connection into HTTP/1.1 messages: onHead(first line, headers), then onBody(bytes). */
class Messages {
  #buffer = Buffer.alloc(0);
  #step = 'head';
  #left = 0;
  #body = [];

  constructor({ untilClose, onHead, onBody }) {
    Object.assign(this, { untilClose, onHead, onBody });
  }

  push(bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (this[this.#step]());
  }

  end() {
    if (this.#step === 'rest') this.#finish();
  }

  // Each step takes what it can from the buffer and says whether it came to its end.
  head() {
    const head = this.#take('\r\n\r\n');
    if (head === null) return false;
    const [first, ...lines] = head.split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const withoutBody = this.onHead(first, headers);
    this.#left = Number(headers['content-length'] ?? 0);
    if (withoutBody) return this.#finish();
    if (/chunked/i.test(headers['transfer-encoding'] ?? '')) return this.#to('size');
    if ('content-length' in headers || !this.untilClose) return this.#to('length');
    return this.#to('rest');
  }

  length() {
    return this.#bytes() && this.#finish();
  }

  size() {
    const line = this.#take('\r\n');
    if (line === null) return false;
    this.#left = parseInt(line, 16);
    return this.#to(this.#left ? 'chunk' : 'trailer');
  }

  chunk() {
    return this.#bytes() && this.#to('chunkEnd');
  }

  chunkEnd() {
    return this.#take('\r\n') !== null && this.#to('size');
  }

  trailer() {
    const line = this.#take('\r\n');
    if (line === null) return false;
    return line === '' ? this.#finish() : true;
  }

  rest() {
    this.#left = this.#buffer.length;
    this.#bytes();
    return false;
  }

  #to(step) {
    this.#step = step;
    return true;
  }

  #take(mark) {
    const end = this.#buffer.indexOf(mark);
    if (end < 0) return null;
    const text = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + mark.length);
    return text;
  }

  #bytes() {
    const part = this.#buffer.subarray(0, this.#left);
    this.#body.push(part);
    this.#left -= part.length;
    this.#buffer = this.#buffer.subarray(part.length);
    return this.#left === 0;
  }

  #finish() {
    this.onBody(Buffer.concat(this.#body));
    this.#body = [];
    return this.#to('head');
  }
}

function decoded(bytes, encoding) {
  if (!encoding || encoding === 'identity') return bytes.toString('utf8');
  return DECODERS[encoding]?.(bytes).toString('utf8') ?? null; // null: an encoding that this node can't undo
}

/**
 * Listen on loopback and forward to `target` (a URL; may be set anew while running, for a server that comes back
 * on another port). `exchanges` grows by {method, path, headers, body, status, answer} in order of arrival; body
 * and answer are text once whole, null before; status is null until answered.
 */
export async function openTap(target) {
  const sockets = new Set();
  const self = { target, exchanges: [] };

  const listener = net.createServer((client) => {
    const { hostname, port } = new URL(self.target);
    const server = net.connect(Number(port), hostname);
    const asked = [], answered = [];
    const requests = new Messages({
      untilClose: false,
      onHead(first, headers) {
        const [method, path] = first.split(' ');
        const exchange = { method, path, headers, body: null, status: null, answer: null };
        self.exchanges.push(exchange);
        asked.push(exchange);
        answered.push(exchange);
      },
      onBody: (bytes) => (asked.shift().body = bytes.toString('utf8')),
    });
    let status, encoding;
    const answers = new Messages({
      untilClose: true,
      onHead(first, headers) {
        status = Number(first.split(' ')[1]);
        encoding = headers['content-encoding'];
        return status < 200 || status === 204 || status === 304;
      },
      onBody(bytes) {
        if (status < 200) return;
        const exchange = answered.shift();
        if (exchange) Object.assign(exchange, { answer: decoded(bytes, encoding), status });
      },
    });

    for (const [from, to, messages] of [[client, server, requests], [server, client, answers]]) {
      sockets.add(from);
      from.on('data', (bytes) => {
        messages.push(bytes);
        if (!to.write(bytes)) from.pause();
      });
      to.on('drain', () => from.resume());
      from.on('end', () => {
        messages.end();
        to.end();
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
    }
  });

  await new Promise((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${listener.address().port}`;
  self.close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => listener.close(resolve));
  };
  return self;
}
