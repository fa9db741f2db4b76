import { fileURLToPath } from 'node:url';

/** The root folder of the project, three levels above this file, which is in `src` or in `dist`. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
