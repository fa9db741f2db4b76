import { fileURLToPath } from 'node:url';

/** The project's root folder: three above this file, whether it runs from `src` or from `dist`. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
