# Builds the crate ${PROJECT_NAME} with cargo and installs its executables where ROS looks for them.
#
#   include(../../cmake/cargo_package.cmake)
#   cargo_package(EXECUTABLE...)
#
# All packages share one target folder beside their build folders: r2r and the other crates that they
# have in common are compiled once. Cargo decides what is out of date, so it runs at every build.
find_package(ament_cmake REQUIRED)

get_filename_component(CARGO_PACKAGE_WORKSPACE "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

macro(cargo_package)
  get_filename_component(cargo_target "${CMAKE_BINARY_DIR}/../cargo" ABSOLUTE)
  add_custom_target(${PROJECT_NAME}_cargo ALL
    COMMAND bash "${CARGO_PACKAGE_WORKSPACE}/setup/cargo-build.sh" ${PROJECT_NAME} "${cargo_target}"
    USES_TERMINAL
    VERBATIM)
  foreach(executable ${ARGN})
    install(PROGRAMS "${cargo_target}/release/${executable}" DESTINATION lib/${PROJECT_NAME})
  endforeach()
  ament_package()
endmacro()
