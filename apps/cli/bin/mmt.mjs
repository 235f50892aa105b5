#!/usr/bin/env node
// Stands in the tree, so that installing can link it before the first build.
import '../dist/main.js'
