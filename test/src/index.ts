export { freshName } from './fresh-name.ts'
export { sharedData, withSharedData } from './shared-data.ts'
export { withServices } from './with-services.ts'
