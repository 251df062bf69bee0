# Writes the commit of the source into a header, and only where it has changed: a failing seed names it.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY "${SOURCE}"
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT "${HEADER}" CONTENT
     "// The commit that this was built from.\n#pragma once\n#define COLO_COMMIT \"@commit@\"\n" @ONLY)
