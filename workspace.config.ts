// What the commands of a clone work with where neither a flag, a variable nor millrace.config.ts says otherwise.
export { default } from './examples/pinterest/millrace.config.ts'
