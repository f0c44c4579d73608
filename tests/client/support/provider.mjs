// A model that is not one: an OpenAI-compatible endpoint on loopback that streams chat completions by a script.
import http from 'node:http';

export const TITLE = 'A session of the client tests';

const textOf = (content) => (Array.isArray(content) ? content.map((part) => part.text ?? '').join('\n') : content ?? '');
const halves = (text) => [text.slice(0, text.length >> 1), text.slice(text.length >> 1)];

/**
 * The chunks of one answer. `step` is {reasoning, text, tool, args}, all optional: thoughts first, then text, then
 * one tool call, each in two pieces, as a model that streams would send them.
 */
function chunksOf(step, model, callID) {
  const chunk = (delta, finish_reason = null, more = {}) => ({
    id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason }], ...more,
  });
  const chunks = [chunk({ role: 'assistant' })];
  if (step.reasoning) chunks.push(...halves(step.reasoning).map((part) => chunk({ reasoning_content: part })));
  if (step.text) chunks.push(...halves(step.text).map((part) => chunk({ content: part })));
  if (step.tool) {
    const [first, second] = halves(JSON.stringify(step.args));
    chunks.push(chunk({ tool_calls: [{ index: 0, id: callID, type: 'function', function: { name: step.tool, arguments: first } }] }));
    chunks.push(chunk({ tool_calls: [{ index: 0, function: { arguments: second } }] }));
  }
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  chunks.push(chunk({}, step.tool ? 'tool_calls' : 'stop', { usage }));
  return chunks;
}

/**
 * Start the provider. `script(prompt, steps)` says how the turn goes whose prompt contains that text: the model's
 * first answer is steps[0], the one after its tool result steps[1], and so on. A request without tools is the
 * client asking for a title; `faults` collects what no script foresaw.
 */
export async function openProvider() {
  const scripts = new Map();
  const faults = [];
  let calls = 0;

  function next(request) {
    if (!request.tools?.length) return { text: TITLE };
    const last = request.messages.findLastIndex((message) => message.role === 'user');
    const prompt = textOf(request.messages[last]?.content);
    const steps = [...scripts].find(([key]) => prompt.includes(key))?.[1];
    const step = steps?.[request.messages.slice(last + 1).filter((message) => message.role === 'assistant').length];
    if (!step) faults.push(`no script for: ${prompt}`);
    return step ?? { text: 'no script' };
  }

  const server = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    if (request.method !== 'POST' || !request.url.endsWith('/chat/completions')) {
      faults.push(`unexpected request: ${request.method} ${request.url}`);
      response.writeHead(404).end();
      return;
    }
    const asked = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const chunk of chunksOf(next(asked), asked.model, `call_${++calls}`)) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end('data: [DONE]\n\n');
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    faults,
    script: (prompt, steps) => scripts.set(prompt, steps),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
