import { expect, it } from 'vitest'
import { isWhole } from '../../src/index.ts'

it.each([
  'select 1;',
  'select 1;  \n',
  "select ';';",
  "select 'it''s';",
  'select ";" from "a;b";',
  'select 1; -- and why',
  'select /* ; */ 1;',
  'select $$ ; $$;',
  'select $x$ $$ ; $x$;',
])('%j is whole', (text) => expect(isWhole(text)).toBe(true))

it.each([
  '',
  'select 1',
  "select ';",
  "select 'it''s;",
  'select ";',
  'select 1 -- ;',
  'select 1 /* ;',
  'select $$ ;',
  'select $x$ $$;',
])('%j is to go on', (text) => expect(isWhole(text)).toBe(false))
