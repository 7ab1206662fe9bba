import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isNewEnough } from '../../src/terminal/node-version.ts'

test.each([
  ['20.20.2', false],
  ['22.8.0', false],
  ['22.22.0', true],
  ['23.11.1', false],
  ['24.5.0', false],
  ['24.6.0', true],
  ['26.10.0', true],
])('Node %s is new enough: %s', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected)
})

test('package.json asks for the same', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(engines.node).toBe('^22.22.0 || >=24.6.0')
})
