import { expect, it } from 'vitest'
import { startGateway } from './kit.ts'

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses?: object }>>>>
}

const METHODS = ['get', 'post', 'put', 'delete']

it('describes what is served: every operation is there, and answers as it says', async () => {
  const { ask } = await startGateway()
  const document = (await ask('GET', '/openapi.json')).json as Document
  expect(document.openapi).toBe('3.1.0')
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method, responses: item[method].responses ?? {} }] : [])),
  )
  expect(operations.length).toBeGreaterThan(12)
  for (const { path, method, responses } of operations) {
    const { status } = await ask(
      method.toUpperCase(),
      path.replaceAll(/\{\w+\}/g, '0'),
      method === 'get' ? undefined : '{}',
    )
    expect(Object.keys(responses), `${method} ${path}`).toContain(String(status))
  }
})

it('refers to nothing that is not in it', async () => {
  const { ask } = await startGateway()
  const { text, json } = await ask('GET', '/openapi.json')
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(20)
  for (const name of names) expect(json).toHaveProperty(`components.schemas.${name}`)
})

it('has a page for people that fetches nothing from anywhere', async () => {
  const { ask } = await startGateway()
  const { text, type, headers } = await ask('GET', '/docs')
  expect(type).toContain('text/html')
  expect(text).toContain('/streams/{stream}/records')
  expect(text).not.toMatch(/<script|<link|<img|src=|@import/)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})
