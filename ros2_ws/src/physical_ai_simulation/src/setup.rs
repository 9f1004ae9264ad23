//! Robots of a world file as the physics takes them.

use std::path::Path;
use std::sync::Arc;

use physical_ai_description::{PackagePaths, SensorKind, load_placed, read_mesh_file};
use physical_ai_domain::RobotPlacement;
use physical_ai_ros::Error;
use physical_ai_sim::RobotSetup;

/// Reads a robot with the meshes of its collision shapes.
///
/// # Errors
/// A file that cannot be read, and whatever is wrong with the model or a mesh.
pub fn set_up(placement: &RobotPlacement, models: &Path) -> Result<RobotSetup, Error> {
    let packages = PackagePaths::from_environment(Vec::new());
    let loaded = load_placed(placement, models, &packages).map_err(Error::application)?;
    let sensor = |kind| {
        let mut sensors = loaded.sensors.iter();
        sensors.find(|s| s.kind == kind).map(|s| s.link.clone())
    };
    let (imu, lidar) = (sensor(SensorKind::Imu), sensor(SensorKind::Lidar));
    let disabled_collisions = loaded.disabled_collisions.clone();
    let model = loaded.into_model().map_err(Error::application)?;
    let mut setup = RobotSetup::new(model);
    (setup.imu, setup.lidar) = (imu, lidar);
    setup.disabled_collisions = disabled_collisions;
    let posture = placement.posture.as_deref();
    if let Some(start) = posture.and_then(|p| setup.model.posture_positions(p)) {
        setup.start = start;
    }
    let files = RobotSetup::mesh_files(&setup.model);
    let meshes = files.map(|file| {
        let triangles = read_mesh_file(file).map_err(Error::application)?;
        Ok((file.to_owned(), Arc::new(triangles)))
    });
    setup.meshes = meshes.collect::<Result<_, Error>>()?;
    Ok(setup)
}
