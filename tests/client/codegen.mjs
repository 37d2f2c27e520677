// Types and documents for src/*.ts, from the schema alone.

/** @type {import("@graphql-codegen/cli").CodegenConfig} */
export default {
  schema: "../../schema.graphql",
  documents: ["src/*.ts"],
  importExtension: ".js",
  generates: {
    "generated/": {
      preset: "client",
      // The server knows documents by their SHA-256.
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" }, fragmentMasking: false },
      // Points, rates and 64-bit numbers are texts, because they are exact.
      config: { useTypeImports: true, defaultScalarType: "string" },
    },
  },
};
