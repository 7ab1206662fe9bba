import { pythonServer } from './python.ts'

const REQUIREMENTS = [
  'deltalake==1.6.6',
  'polars==2.1.0',
  'pyarrow==26.0.1',
  'arro3-core==0.9.1',
  'polars-runtime-32==2.1.0',
]

/** delta-rs, polars and pyarrow: what the others read of our tables, and what we read of theirs. */
export const judge = pythonServer(REQUIREMENTS, 'judge_server.py')
