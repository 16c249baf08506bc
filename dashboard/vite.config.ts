import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";
import { themeStyles } from "./scripts/theme-styles.ts";

export default defineConfig(({ mode }) => {
  const given = loadEnv(mode, ".", "OVERTURE_");
  // While developing, the token never reaches the browser: the proxy adds it.
  const token = given.OVERTURE_TOKEN;
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const target = given.OVERTURE_URL ?? "http://127.0.0.1:8080";
  const proxy = { "/api": { target, headers }, "/docs": { target } };
  return {
    plugins: [react(), themeStyles()],
    build: {
      outDir: "../src/overture/dashboard",
      emptyOutDir: true,
      manifest: true,
      modulePreload: { polyfill: false },
      // Everything comes as a file of its own, so that the page's policy need not allow data: addresses.
      assetsInlineLimit: 0,
    },
    server: { proxy },
    // What is built, under the policy it is served with.
    preview: {
      proxy,
      headers: { "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'" },
    },
    test: { include: ["src/**/*.test.ts"] },
  };
});
