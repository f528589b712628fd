#!/bin/sh
# docs.sh DIR: the book as a site, in DIR/html. Warnings are errors; and a
# header without @file, which doxygen would pass over in silence, is one too.
set -eu
out=$1
bare=$(find common chapters -name '*.h' -exec grep -L '@file' {} + || true)
if [ -n "$bare" ]; then
    echo "These headers say no @file:" $bare >&2
    exit 1
fi
rm -rf "$out"
mkdir -p "$out"
doxygen common/tools/doc/Doxyfile

# The parts of MathJax that a page needs: the whole is 54 megabytes.
from=/usr/share/javascript/mathjax
for part in MathJax.js config/default.js extensions/MathEvents.js \
    extensions/tex2jax.js extensions/TeX jax/input/TeX jax/element \
    jax/output/SVG/jax.js jax/output/SVG/config.js jax/output/SVG/autoload \
    jax/output/SVG/fonts/TeX; do
    mkdir -p "$out/html/mathjax/$(dirname $part)"
    cp -RL "$from/$part" "$out/html/mathjax/$(dirname $part)"
done
echo "  The book: $out/html/index.html"
