// Tailwind is the only step of the style sheet build.
export default { plugins: { "@tailwindcss/postcss": {} } };
