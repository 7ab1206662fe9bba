import { readFile } from 'node:fs/promises'
import { freshName, sharedData, withServices } from '@millrace/testkit'
import { openCatalog } from '@millrace/transport'
import { expect } from 'vitest'
import { startGateway } from './kit.ts'

const it = withServices('kafka')

interface Recorded {
  readonly title: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly status: number
  readonly answer: string
}

/** Where we answer otherwise on purpose: its quirks, and what we do not serve. */
const OTHERWISE: Readonly<Record<string, { readonly status: number; readonly json: unknown }>> = {
  'valid produce, explicit partition': { status: 200, json: { offsets: [{ partition: 1 }, { partition: 1 }] } },
  'binary v2, bad base64': { status: 400, json: { error_code: 400 } },
  'record missing value': { status: 200, json: { offsets: [{ offset: expect.any(Number) }] } },
  'GET /topics/nope': { status: 404, json: { error_code: 40401 } },
  'GET /topics/rest1/partitions/0/offsets': { status: 404, json: { error_code: 404 } },
  'GET /brokers': { status: 404, json: { error_code: 404 } },
}

it('answers as a real REST proxy was recorded to, field by field', async ({ kafka: { bootstrap }, skip }) => {
  const file = sharedData('../design/rest-proxy-answers.md')
  if (file === undefined)
    return skip('needs the recorded answers of a REST proxy: not at $MILLRACE_SHARED, nor in ../shared')
  const recorded = parseRecorded(await readFile(file, 'utf8')).filter(({ path }) => !/^\/consumers|rest2/.test(path))
  expect(recorded.length).toBeGreaterThanOrEqual(25)
  const topic = freshName('rest')
  const to = `kafka://${bootstrap}`
  const catalog = await openCatalog(to)
  await catalog.create(topic, 3)
  await catalog.close()
  const { ask } = await startGateway({ to })
  for (const { title, method, path, headers, body, status, answer } of recorded) {
    const ours = await ask(method, path.replace('rest1', topic), body, headers)
    const other = OTHERWISE[title]
    if (other) expect({ title, ...ours, json: ours.json }).toMatchObject({ title, ...other })
    else {
      expect({ title, status: ours.status, shape: shapeOf(ours.json) }).toEqual({
        title,
        status,
        shape: shapeOf(jsonIn(answer)),
      })
      expect({ title, code: codeIn(ours.json) }).toEqual({ title, code: codeIn(jsonIn(answer)) })
    }
  }
})

/** What the proxy says in plain text stands for an error in JSON. */
function jsonIn(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return { error_code: 0, message: answer }
  }
}

function codeIn(json: unknown): number | undefined {
  const code = (json as { error_code?: number }).error_code
  return code === 0 || (code ?? 0) < 1000 ? undefined : code
}

/** The names and kinds of all fields; the settings of a topic are its broker's own. */
function shapeOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.length === 0 ? [] : [shapeOf(json[0])]
  if (typeof json !== 'object' || json === null) return json === null ? null : typeof json
  const names = Object.keys(json).sort()
  const fields = json as Record<string, unknown>
  return Object.fromEntries(names.map((name) => [name, name === 'configs' ? 'settings' : shapeOf(fields[name])]))
}

function parseRecorded(text: string): Recorded[] {
  return text
    .split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const command = /^\$ curl (.*)$/m.exec(section)?.[1]
      const status = Number(/^HTTP\/1.1 (\d{3})/m.exec(section)?.[1])
      if (command === undefined) return []
      const answer = /^HTTP\/1.1[\s\S]*?\n\n([\s\S]*?)\n```/m.exec(section)?.[1]?.trim() ?? ''
      return [{ title: section.slice(0, section.indexOf('\n')), ...requestIn(command), status, answer }]
    })
}

/** A command of curl as bash prints it: with a backslash before whatever means something to bash. */
function requestIn(command: string) {
  const words = (command.match(/(?:\\.|[^ \\])+/g) ?? []).map((word) =>
    word === "''" ? '' : word.replace(/\\(.)/g, '$1'),
  )
  const after = (flag: string) => words.flatMap((word, i) => (word === flag ? [words[i + 1] ?? ''] : []))
  const url = words.find((word) => word.startsWith('http')) ?? ''
  const [body] = after('-d')
  return {
    method: after('-X')[0] ?? 'GET',
    path: url.replace(/^http:\/\/[^/]+/, ''),
    headers: Object.fromEntries(after('-H').map((header) => header.split(': ') as [string, string])),
    body,
  }
}
