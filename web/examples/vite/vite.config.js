import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // at home in any path
  optimizeDeps: { exclude: ['heybagh', 'heybagh/element'] }, // else the development server loses Worker and wasm
});
