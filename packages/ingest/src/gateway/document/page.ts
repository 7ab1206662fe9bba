interface Document {
  readonly info: { readonly title: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

interface Operation {
  readonly summary: string
  readonly tags: readonly string[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: object }>> }
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

const METHODS = ['get', 'post', 'put', 'delete']

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  details { border: 1px solid #8886; border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem }
  summary { cursor: pointer }
  pre { overflow-x: auto; background: #8882; padding: .6rem; border-radius: .3rem }
  td { vertical-align: top; padding: .1rem 1rem .1rem 0 }
  b { display: inline-block; min-width: 4.5rem }`

/** The document for people: one page, no script, nothing fetched from elsewhere. */
export function documentPage({ info, paths }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => (method in methods ? [{ path, method, ...(methods[method] as Operation) }] : [])),
  )
  const byTag = Map.groupBy(operations, ({ tags }) => tags[0] ?? '')
  const sections = [...byTag].map(([tag, some]) => `<h2>${escaped(tag)}</h2>${some.map(section).join('')}`)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}</title><style>${STYLE}</style>
<h1>${escaped(info.title)}</h1><p>${escaped(info.description)}</p>
<p>The same for programs: <a href="openapi.json">openapi.json</a></p>${sections.join('')}</html>`
}

function section({
  path,
  method,
  summary,
  requestBody,
  responses,
}: Operation & { readonly path: string; readonly method: string }): string {
  const statuses = Object.entries(responses).map(
    ([status, { description }]) => `<tr><td>${status}<td>${escaped(description)}`,
  )
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const curl = example(path, method, type, content?.example)
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${escaped(path)}</code> ${escaped(summary)}</summary>
<pre>${escaped(curl)}</pre><table>${statuses.join('')}</table></details>`
}

function example(path: string, method: string, type: string | undefined, body: object | undefined): string {
  const send = type === undefined ? '' : ` \\\n  -H 'Content-Type: ${type}' \\\n  -d '${JSON.stringify(body ?? {})}'`
  return `curl -X ${method.toUpperCase()} http://127.0.0.1:8082${path}${send}`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
}
