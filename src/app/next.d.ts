// Types that Next.js adds to the language, such as the import of a style sheet.
/// <reference types="next" />
